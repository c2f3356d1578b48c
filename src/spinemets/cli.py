"""The command line: ``spinemets init | check | score | scores | evaluate``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from spinemets.errors import InputError

_EPILOG = "Research software: nothing it prints is for treatment decisions."


def build_parser() -> argparse.ArgumentParser:
    """
    Make the parser of the whole command line.

    Returns
    -------
    argparse.ArgumentParser
        Every subcommand sets ``work``, a function of the parsed arguments that gives an exit code.
    """
    from spinemets.evaluation.cli import add_parsers as add_evaluation
    from spinemets.ingest.cli import add_parsers as add_ingest
    from spinemets.scores.cli import add_parsers as add_scores

    parser = argparse.ArgumentParser(
        prog="spinemets", description=__doc__, epilog=_EPILOG, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"spinemets {version('spinemets')}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_ingest(subparsers)
    add_scores(subparsers)
    add_evaluation(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments; those of the process when left out.

    Returns
    -------
    int
        0 done, 1 the answer is no (a check failed), 2 faults in the input or in the call.
    """
    args = build_parser().parse_args(argv)
    work: Callable[[argparse.Namespace], int] = args.work
    try:
        return work(args)
    except InputError as err:
        print(err, file=sys.stderr)
        return err.exit_code
    except BrokenPipeError:
        # `spinemets scores list | head` is no fault.
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
