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


class LazyName:
    """A class or function of a large package, which is imported when it is called or read."""

    def __init__(self, module: LazyModule, name: str) -> None:
        self._module, self._attribute = module, name

    def __call__(self, *values: Any, **more: Any) -> Any:
        return getattr(self._module, self._attribute)(*values, **more)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(getattr(self._module, self._attribute), attribute)


def lazy_names(module: str, *names: str) -> Any:
    """Return names of a module, which is imported when one of the names is used."""
    return [LazyName(LazyModule(module), name) for name in names]
