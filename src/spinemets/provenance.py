"""
Where a number comes from: code fingerprints, input hashes, versions, commit.

Snakemake doesn't see edits in an imported package. Every rule therefore carries the fingerprint of
its stage: a hash over the stage's module, everything of spinemets that it imports, and the data
files that those modules name in ``DATA_FILES`` (literal patterns beside the module).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent
#: Packages whose versions decide what a result looks like.
RECORDED: Final = (
    "spinemets",
    "lifelines",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "snakemake",
)


def workflow_folder() -> Path:
    """
    Folder of the workflow that belongs to this installation.

    Returns
    -------
    Path
        ``workflow/`` of the checkout, or the copy inside an installed wheel.
    """
    packed = PACKAGE / "_workflow"
    return packed if packed.is_dir() else PACKAGE.parents[1] / "workflow"


def _module_file(module: str) -> Path | None:
    base = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a module, however deep; expressions hold no import."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, block, ()):
            yield child
            yield from _statements(child)


def _imports(tree: ast.Module, module: str, is_package: bool) -> set[str]:
    """Names of spinemets modules that a module imports, wherever in its text."""
    found: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parts = module.split(".") if is_package else module.split(".")[:-1]
                parts = parts[: len(parts) - node.level + 1]
                origin = ".".join([*parts, origin]) if origin else ".".join(parts)
            found.add(origin)
            found |= {f"{origin}.{a.name}" for a in node.names}
    return {name for name in found if name == "spinemets" or name.startswith("spinemets.")}


def _data_patterns(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name) and target.id == "DATA_FILES":
            return tuple(ast.literal_eval(node.value))
    return ()


@cache
def _needs(name: str) -> tuple[frozenset[Path], frozenset[str]]:
    """Files of one module, and the modules that it needs; read once for all closures."""
    path = _module_file(name)
    if path is None:
        return frozenset(), frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (p for pattern in _data_patterns(tree) for p in path.parent.glob(pattern))
    # A package's __init__ runs before its submodules do.
    parents = {name.rpartition(".")[0]} - {""}
    files = {path, *(p for p in found if p.is_file())}
    return frozenset(files), frozenset(_imports(tree, name, path.name == "__init__.py") | parents)


@cache
def closure(module: str) -> tuple[Path, ...]:
    """
    Every file of spinemets that a module's behaviour depends on.

    Parameters
    ----------
    module : str
        Dotted name, for example ``"spinemets.stages.score"``.

    Returns
    -------
    tuple of Path
        Python modules and data files, sorted.

    Raises
    ------
    ModuleNotFoundError
        When spinemets has no such module.

    Examples
    --------
    >>> any(p.name == "contract.yaml" for p in closure("spinemets.contract"))
    True
    """
    if _module_file(module) is None:
        raise ModuleNotFoundError(module)
    files: set[Path] = set()
    todo, seen = {module}, set()
    while todo:
        name = todo.pop()
        seen.add(name)
        own, needed = _needs(name)
        files |= own
        todo |= needed - seen
    return tuple(sorted(files))


@cache
def fingerprint(module: str) -> str:
    """
    Hash of everything of spinemets that a module's behaviour depends on.

    Parameters
    ----------
    module : str
        Dotted name of the module.

    Returns
    -------
    str
        Sixteen hexadecimal digits; changes when a line of the closure changes.
    """
    digest = hashlib.sha256()
    for path in closure(module):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def sha256(path: str | Path) -> str:
    """
    Hash of a file's content.

    Parameters
    ----------
    path : str or Path
        File to read.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def nameless(path: str | Path, digest: str) -> str:
    """
    Name of a private cohort's file as it may be told: a file can be called after a patient.

    Parameters
    ----------
    path : str or Path
        The file.
    digest : str
        Its SHA-256.

    Returns
    -------
    str
        Its kind and the beginning of its hash.

    Examples
    --------
    >>> nameless("data/Mueller_Hans.csv", "0a1b2c3d4e5f6071")
    'source 0a1b2c3d4e5f.csv'
    """
    return f"source {digest[:12]}{Path(path).suffix.lower()}"


def versions() -> dict[str, str]:
    """
    Versions of what decides a result.

    Returns
    -------
    dict of str to str
        Python and the packages of ``RECORDED``; a package that is absent is left out.
    """
    out = {"python": platform.python_version()}
    for name in RECORDED:
        try:
            out[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return out


def commit(folder: str | Path = ".") -> str:
    """
    Commit of the study folder.

    Parameters
    ----------
    folder : str or Path
        A folder inside the work tree.

    Returns
    -------
    str
        The commit, with ``+changes`` when tracked files differ from it; ``"unknown"`` without git.
    """
    git = shutil.which("git")
    if git is None:
        return "unknown"
    head = _git(git, folder, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    dirty = _git(git, folder, "status", "--porcelain", "--untracked-files=no")
    return head + ("+changes" if dirty else "")


def _git(git: str, folder: str | Path, *arguments: str) -> str | None:
    done = subprocess.run(
        [git, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
