"""The inclusion rule of a cohort: a small language that can compare columns and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from spinemets import contract
from spinemets.errors import Fault, InputError, suggest

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<op>==|!=|<=|>=|<|>)|(?P<paren>[()])|(?P<times>\*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<number>[-+]?\d+(?:\.\d+)?)(?![\w.])|(?P<word>[A-Za-z_]\w*))"
)
_ORDER: Final = ("<", "<=", ">", ">=")
HELP: Final = "write for example `bone_metastases == 1 and age_years >= 18`"


@dataclass(frozen=True)
class Comparison:
    """One comparison of a column with a value."""

    column: str
    operator: str
    value: bool | float | str

    def evaluate(self, patients: pd.DataFrame) -> pd.Series:
        """
        Compare.

        Parameters
        ----------
        patients : pandas.DataFrame
            Columns of the contract.

        Returns
        -------
        pandas.Series of boolean
            ``NA`` where the column is missing.
        """
        return _compare(patients[self.column], self.operator, self.value)


@dataclass(frozen=True)
class Combination:
    """Two rules joined by ``and`` or ``or``; unknown stays unknown where it matters."""

    operator: str
    left: Rule
    right: Rule

    def evaluate(self, patients: pd.DataFrame) -> pd.Series:
        """
        Combine.

        Parameters
        ----------
        patients : pandas.DataFrame
            Columns of the contract.

        Returns
        -------
        pandas.Series of boolean
            Three-valued: ``True or NA`` is true, ``True and NA`` is ``NA``.
        """
        left, right = self.left.evaluate(patients), self.right.evaluate(patients)
        return (left & right) if self.operator == "and" else (left | right)


@dataclass(frozen=True)
class ColumnComparison:
    """One comparison of two columns of numbers, the second one times a number."""

    column: str
    operator: str
    other: str
    factor: float = 1.0

    def evaluate(self, patients: pd.DataFrame) -> pd.Series:
        """
        Compare.

        Parameters
        ----------
        patients : pandas.DataFrame
            Columns of the contract.

        Returns
        -------
        pandas.Series of boolean
            ``NA`` where either column is missing.
        """
        other = patients[self.other].astype("Float64") * self.factor
        return _compare(patients[self.column].astype("Float64"), self.operator, other)


def _compare(cells: pd.Series, operator: str, value: Any) -> pd.Series:
    ops = {
        "==": cells.eq,
        "!=": cells.ne,
        "<": cells.lt,
        "<=": cells.le,
        ">": cells.gt,
        ">=": cells.ge,
    }
    return ops[operator](value).astype("boolean")


Rule = Comparison | ColumnComparison | Combination


@dataclass
class Inclusion:
    """
    A parsed inclusion rule.

    Parameters
    ----------
    text : str
        The rule as written.
    rule : Rule
        Its parts.
    columns : list of str
        Columns it looks at.
    """

    text: str
    rule: Rule
    columns: list[str] = field(default_factory=list)

    def evaluate(self, patients: pd.DataFrame) -> pd.Series:
        """
        Decide for every patient.

        Parameters
        ----------
        patients : pandas.DataFrame
            Columns of the contract.

        Returns
        -------
        pandas.Series of boolean
            True included, False not included, ``NA`` can't be told.
        """
        return self.rule.evaluate(patients)


def parse(text: str, available: list[str], file: str = "config") -> Inclusion:
    """
    Read an inclusion rule.

    Parameters
    ----------
    text : str
        ``column operator value``, joined by ``and`` and ``or``, with parentheses; a number may be
        compared with another column, also times a number (``a > b * 2``).
    available : list of str
        Columns of the contract that the cohort has.
    file : str
        Name for messages.

    Returns
    -------
    Inclusion
        The rule.

    Raises
    ------
    InputError
        When it can't be read, or names a column or a value that doesn't exist.

    Examples
    --------
    >>> parse("bone_metastases == 1", ["bone_metastases"]).columns
    ['bone_metastases']
    """
    try:
        parser = _Parser(_tokens(text), available)
        rule = parser.either()
        parser.expect_end()
    except _RuleError as err:
        rule_text, repair = err.args
        raise InputError([Fault(file, rule_text, repair, column="include")]) from None
    return Inclusion(text, rule, list(dict.fromkeys(parser.columns)))


class _RuleError(Exception):
    """What is wrong with a rule, and the repair."""


def _tokens(text: str) -> list[tuple[str, str]]:
    out, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _RuleError(f"the rule can't be read at position {at + 1}", HELP)
        out.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return out


class _Parser:
    """Recursive descent: ``or`` binds weaker than ``and``."""

    def __init__(self, tokens: list[tuple[str, str]], available: list[str]) -> None:
        self.tokens, self.at = tokens, 0
        self.available = available
        self.columns: list[str] = []

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def expect_end(self) -> None:
        if self.peek()[0] != "end":
            raise _RuleError("the rule goes on where it should end", HELP)

    def either(self) -> Rule:
        left = self.both()
        while self.peek() == ("word", "or"):
            self.next()
            left = Combination("or", left, self.both())
        return left

    def both(self) -> Rule:
        left = self.one()
        while self.peek() == ("word", "and"):
            self.next()
            left = Combination("and", left, self.one())
        return left

    def one(self) -> Rule:
        if self.peek() == ("paren", "("):
            self.next()
            inner = self.either()
            if self.next() != ("paren", ")"):
                raise _RuleError("a parenthesis isn't closed", HELP)
            return inner
        kind, name = self.next()
        if kind != "word":
            raise _RuleError("a column name is expected", HELP)
        column = self._column(name)
        kind, operator = self.next()
        if kind != "op":
            raise _RuleError("a comparison (== != < <= > >=) is expected", HELP)
        kind, text = self.next()
        if kind == "word" and column.is_numeric and text in contract.columns():
            return ColumnComparison(name, operator, self._number_column(text), self._factor())
        return Comparison(name, operator, _value(column, operator, kind, text))

    def _number_column(self, name: str) -> str:
        if not self._column(name).is_numeric:
            raise _RuleError(f"{name!r} is not a number", "compare numbers with numbers")
        return name

    def _factor(self) -> float:
        if self.peek()[0] != "times":
            return 1.0
        self.next()
        kind, text = self.next()
        if kind != "number":
            raise _RuleError("a number is expected behind *", HELP)
        return float(text)

    def _column(self, name: str) -> contract.Column:
        known = contract.columns()
        if name not in known:
            near = suggest(name, known)
            raise _RuleError(f"{name!r} is not a column of the contract{near}", "correct the name")
        if name not in self.available:
            raise _RuleError(f"{name!r} is not mapped in this cohort", "add it to the mapping")
        self.columns.append(name)
        return known[name]


def _value(column: contract.Column, operator: str, kind: str, text: str) -> bool | float | str:
    """Read the value of a comparison as the kind that its column has."""
    if operator in _ORDER and not column.is_numeric:
        raise _RuleError(f"{column.name!r} has no order", "use == or !=")
    if kind not in ("number", "word", "text"):
        raise _RuleError("a value is expected", HELP)
    plain = text[1:-1] if kind == "text" else text
    if column.kind == "boolean":
        if plain.lower() not in ("0", "1", "true", "false"):
            raise _RuleError(f"{column.name!r} is true or false", "compare with 1 or 0")
        return plain.lower() in ("1", "true")
    if column.is_numeric:
        if kind != "number":
            raise _RuleError(f"{column.name!r} is a number", "compare with a number")
        return float(plain)
    if column.levels and plain not in column.levels:
        near = suggest(plain, column.levels)
        raise _RuleError(
            f"{plain!r} is not a value of {column.name!r}{near}", f"use one of: {column.allowed()}"
        )
    return plain
