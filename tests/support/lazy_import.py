"""Import a large package only in those processes of pytest that run a test with it."""

import importlib.util
import sys
from typing import Any


def lazy_import(name: str) -> Any:
    """Return a module that is loaded when an attribute of it is read."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    assert spec and spec.loader, name
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
