"""The examples in docstrings give what they show."""

import doctest
import importlib
import pkgutil

import pytest

import spinemets

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(spinemets.__path__, prefix="spinemets.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name: str) -> None:
    result = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.failed == 0
