"""Import a large package only in those processes of pytest that run a test with it."""

import importlib
from typing import Any


class LazyModule:
    """A module that is imported when an attribute of it is read.

    Not importlib's LazyLoader: pytest asks each name of a test module for its `__class__`, which
    would load that module.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


def lazy_import(name: str) -> Any:
    """Return a module that is imported when an attribute of it is read."""
    return LazyModule(name)
