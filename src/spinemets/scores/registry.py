"""Where definitions are found: those that come with the package and a study's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from spinemets import yamlfile
from spinemets.errors import Fault, InputError, suggest
from spinemets.scores.definition import Definition
from spinemets.scores.partial import Left
from spinemets.settings import CLASSIC

DATA_FILES: Final = ("definitions/*.yaml",)
DEFINITIONS: Final = Path(__file__).with_name("definitions")
#: The six scores of the classic comparison, computed unless the configuration says otherwise.
DEFAULT: Final = CLASSIC


def shipped() -> list[str]:
    """
    Scores that come with the package.

    Returns
    -------
    list of str
        Ids, sorted.

    Examples
    --------
    >>> "tokuhashi_2005" in shipped()
    True
    """
    return sorted(path.stem for path in DEFINITIONS.glob("*.yaml"))


@cache
def _shipped_definition(name: str) -> Definition:
    from spinemets.scores import loading

    return loading.parse(yamlfile.load(DEFINITIONS / f"{name}.yaml"))


def load_definitions(
    ids: Iterable[str] | None = None, folders: Sequence[str | Path] = ()
) -> dict[str, Definition]:
    """
    Load score definitions.

    Parameters
    ----------
    ids : iterable of str, optional
        Scores wanted; all that are known when left out.
    folders : sequence of str or Path
        Folders with a study's own files; a folder that doesn't exist is skipped.

    Returns
    -------
    dict of str to Definition
        In the order asked for. Scores that these read are not added: see ``with_dependencies``.

    Raises
    ------
    InputError
        With every fault of every file, or when an id isn't known.
    """
    own = _own_definitions(folders)
    wanted = [*shipped(), *own] if ids is None else list(ids)
    refuse_unknown(wanted, {*shipped(), *own})
    return {name: own[name] if name in own else _shipped_definition(name) for name in wanted}


def refuse_unknown(wanted: Iterable[str], known: Collection[str]) -> None:
    """
    Refuse scores that nobody has defined.

    Parameters
    ----------
    wanted : iterable of str
        Ids asked for.
    known : collection of str
        Ids that there are.

    Raises
    ------
    InputError
        With one fault per unknown id, which names the nearest known one.
    """
    faults = [
        Fault(
            "scores",
            f"no score is called {name!r}{suggest(name, known)}",
            "see `spinemets scores list`, or add a file to config/scores",
            column="ids",
        )
        for name in wanted
        if name not in known
    ]
    if faults:
        raise InputError(faults)


def check(
    ids: Sequence[str], folders: Sequence[str], variants: Mapping[str, Sequence[str]]
) -> None:
    """
    Check what a configuration says of scores, before anything is computed.

    Parameters
    ----------
    ids : sequence of str
        Scores to compute.
    folders : sequence of str
        Folders with a study's own files.
    variants : Mapping of str to sequence of str
        Variants to compute beside the published form, per score.

    Raises
    ------
    InputError
        With every fault of the study's own files, or unknown scores and variants.

    Notes
    -----
    Shipped definitions are right: they are read only where own files or variants refer to them.
    """
    from spinemets.scores import forms

    if variants or any(True for folder in folders for _ in Path(folder).glob("*.yaml")):
        wanted = load_definitions(ids, folders)
        forms.named_variants(variants, wanted, "config", "scores.variants")
    else:
        refuse_unknown(ids, shipped())


def with_dependencies(
    definitions: dict[str, Definition], folders: Sequence[str | Path] = ()
) -> dict[str, Definition]:
    """
    Add the scores that others read.

    Parameters
    ----------
    definitions : dict of str to Definition
        Scores wanted.
    folders : sequence of str or Path
        Folders with a study's own files.

    Returns
    -------
    dict of str to Definition
        The same, then what they read.
    """
    out = dict(definitions)
    todo = [n for d in out.values() for n in d.depends_on]
    while todo:
        name = todo.pop()
        if name not in out:
            out |= load_definitions([name], folders)
            todo += out[name].depends_on
    return out


def _own_definitions(folders: Sequence[str | Path]) -> dict[str, Definition]:
    from spinemets.scores import checks, loading

    out: dict[str, Definition] = {}
    left: dict[str, Left] = {}
    faults: list[Fault] = []
    paths = [p for f in folders for p in sorted(Path(f).glob("*.yaml"))]
    for path in paths:
        try:
            found = loading.draft(yamlfile.load(path))
        except InputError as err:
            faults += err.faults
            continue
        faults += found.faults
        definition = found.definition
        if definition is None:
            continue
        if definition.id in out or definition.id in shipped():
            rule = "another score has this id"
            faults.append(Fault(str(path), rule, "choose another id", column="id"))
            continue
        out[definition.id], left[definition.id] = definition, found.left
    library = {name: _shipped_definition(name) for name in shipped()} | out if out else {}
    for name, definition in out.items():
        faults += checks.faults(definition, library, left[name])
    if faults:
        raise InputError(faults)
    return out
