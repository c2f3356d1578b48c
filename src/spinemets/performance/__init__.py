"""Evaluating scores and risks on censored data: discrimination, overall error, comparison."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # By name: whoever uses one estimator doesn't load, nor depend on, the whole evaluation.
    if name == "evaluate":
        return import_module("spinemets.evaluation.table").evaluate
    raise AttributeError(f"module 'spinemets.performance' has no attribute {name!r}")
