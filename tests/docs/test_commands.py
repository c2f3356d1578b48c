"""Every command that a document shows is run, in order, in a copy of the checkout."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.documents import ROOT, SHELLS, Command, blocks, commands, documents, unmet

PROGRAMS = Path(sys.executable).parent
DOCUMENTS = documents()
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def runnable() -> list[object]:
    """The documents with commands to run; those that take long are marked so."""
    parameters: list[object] = []
    for path, name in zip(DOCUMENTS, NAMES, strict=True):
        shown = [block for block in blocks(path) if block.language == "console"]
        if any(block.mark != "not run" for block in shown):
            marks = [pytest.mark.slow] if any(block.mark == "slow" for block in shown) else []
            parameters.append(pytest.param(path, id=name, marks=marks))
    return parameters


@pytest.mark.parametrize("path", runnable())
def test_commands_of(path: Path, tmp_path: Path, copy_checkout: Callable[[Path], Path]) -> None:
    checkout = copy_checkout(tmp_path / "spinemets")
    (checkout / ".venv").symlink_to(PROGRAMS.parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        "PYTHONPATH": str(checkout / "src"),
    }
    for block in blocks(path):
        if block.language != "console" or block.mark == "not run":
            continue
        for command in block.commands:
            done = subprocess.run(
                ["bash", "-c", command.line],
                cwd=checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            said = f"$ {command.line}\n{done.stdout}"
            expected_to_fail = any(line.startswith("[exit ") for line in command.expected)
            shown = command.expected
            if expected_to_fail:
                assert f"[exit {done.returncode}]" == shown[-1], said
                shown = shown[:-1]
            else:
                assert done.returncode == 0, said
            assert unmet(shown, done.stdout) is None, (
                f"not printed: {unmet(shown, done.stdout)}\n{said}"
            )


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_commands_stand_in_blocks_that_are_run(path: Path) -> None:
    for block in blocks(path):
        assert block.language not in SHELLS, "write `console`, and `$ ` before the command"
        if block.language == "console":
            assert block.commands, "a console block without a command"
            assert block.mark != "not run" or block.reason, "say why it is not run"


def test_a_block_is_read_with_its_output() -> None:
    read = commands("$ one \\\n> two\nfirst\n  second\n$ three\n")
    assert read == (Command("one \\\ntwo", ("first", "second")), Command("three", ()))


def test_expected_lines_must_come_in_order() -> None:
    assert unmet(("a", "...", "b 1"), "x\na\ny\nb   1\n") is None
    assert unmet(("b", "a"), "a\nb\n") == "a"
    assert unmet(("spinemets ... end",), "spinemets 0.1.0 the end") is None
    assert unmet(("a.c",), "abc") == "a.c"
