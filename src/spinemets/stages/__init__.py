"""What the rules of the workflow call: one module per stage, each with ``main(argv)``."""
