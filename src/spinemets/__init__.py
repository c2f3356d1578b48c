"""spinemets: outcomes research for spinal metastases."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # By name, not by an import statement: the package's start must stay light, and the fingerprint
    # of every stage follows import statements.
    if name == "evaluate":
        return import_module("spinemets.evaluation.table").evaluate
    raise AttributeError(f"module 'spinemets' has no attribute {name!r}")
