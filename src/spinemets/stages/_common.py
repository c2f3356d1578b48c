"""What every stage does the same way: read arguments, report faults, leave nothing half-written."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from spinemets.errors import InputError

log = logging.getLogger("spinemets")
#: What stops a file from growing.
NO_ROOM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the limit on the size of files is reached",
}


def parser(doc: str | None) -> argparse.ArgumentParser:
    """
    Make the argument parser of a stage.

    Parameters
    ----------
    doc : str
        Docstring of the stage's module.

    Returns
    -------
    argparse.ArgumentParser
        Parser without options; abbreviations are refused.
    """
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def json_argument(text: str) -> Any:
    """
    Read an option that is given as JSON.

    Parameters
    ----------
    text : str
        JSON text.

    Returns
    -------
    object
        Its content.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text isn't JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as err:
        raise argparse.ArgumentTypeError(f"not JSON: {err.msg} at {err.pos}") from None


def run(name: str, work: Callable[[], object]) -> int:
    """
    Run the work of a stage with one way of reporting what happened.

    Parameters
    ----------
    name : str
        Name of the stage.
    work : callable
        What to do.

    Returns
    -------
    int
        Exit code: 0 done, 2 faults in the input, 3 no space left.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("numexpr").setLevel(logging.WARNING)  # it would greet in every log
    start = time.perf_counter()
    log.info("%s: started", name)
    try:
        work()
    except InputError as err:
        log.error("%s: stopped, nothing was written\n%s", name, err)
        return err.exit_code
    except OSError as err:
        if err.errno not in NO_ROOM:
            raise
        log.error(
            "%s: no room to write (%s); nothing half-written was kept. Free space, rerun.",
            name,
            NO_ROOM[err.errno],
        )
        return 3
    log.info("%s: done in %.1f s", name, time.perf_counter() - start)
    return 0


def exit_with(main: Callable[[Sequence[str] | None], int]) -> None:
    """
    End the process with the exit code of a stage.

    Parameters
    ----------
    main : callable
        The stage's ``main``.
    """
    # A stage is over in seconds and makes millions of small objects, few of them in cycles: looking
    # for cycles as seldom as this saves a fifth of the time of drawing, for some dozens of MB.
    gc.set_threshold(100_000, 20, 100)
    raise SystemExit(main(None))
