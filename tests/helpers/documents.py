"""Read the commands that a document shows, and what it says they print."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>not run|slow)(?:: (?P<reason>[^\n]*?))? -->\n)?"
    r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHELLS = {"bash", "sh", "shell", "zsh", "shell-session", "shellsession"}


@dataclass(frozen=True)
class Command:
    """One command, and the lines that the document says it prints (``...`` for any)."""

    line: str
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its commands, and what the line before it says."""

    language: str
    commands: tuple[Command, ...]
    mark: str | None
    reason: str | None


def documents() -> list[Path]:
    """Every Markdown file that a reader may follow."""
    folders = ("docs", "config", "data", "notebooks", "results")
    nested = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *(path for path in nested if "private" not in path.parts)])


def commands(text: str) -> tuple[Command, ...]:
    """The commands of a ``console`` block, after ``$ ``, each with what follows it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (f"{found[-1][0]}\n{line.removeprefix('> ')}", [])
        elif found and line.strip():
            found[-1][1].append(line.strip())
    return tuple(Command(line, tuple(expected)) for line, expected in found)


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    return [
        Block(found["language"], commands(found["text"]), found["mark"], found["reason"])
        for found in FENCE.finditer(path.read_text(encoding="utf-8"))
    ]


def unmet(expected: tuple[str, ...], printed: str) -> str | None:
    """The first expected line that does not come, in order, or None.

    ``...`` inside a line stands for any text; on a line of its own, for any lines. Lines that the
    document leaves out before, between and after are no fault: it shows an excerpt.
    """
    lines = iter(re.sub(r"\s+", " ", line).strip() for line in printed.splitlines())
    for wanted in expected:
        if wanted == "...":
            continue
        words = re.sub(r"\s+", " ", wanted).split("...")
        pattern = re.compile(
            ".*".join(re.escape(part.strip()).replace(r"\ ", " ") for part in words)
        )
        if not any(pattern.search(line) for line in lines):
            return wanted
    return None
