"""Drafting a mapping from a stranger's table: guesses with evidence, and what a person decides."""
