"""Qiskit's compiler, without the plugin that the package with the twins brings: see `twins`."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qiskit.transpiler import PassManager
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager

from quantumtask.engines.devices.calibration import PACKAGE


def build_pass_manager(level: int, **options: Any) -> PassManager:
    """Of one of Qiskit's levels of optimisation."""
    with _without_plugin():
        return generate_preset_pass_manager(optimization_level=level, **options)


@contextmanager
def _without_plugin() -> Iterator[None]:
    """Qiskit looks for plugins each time, and would import that package: in 1 to 3 seconds."""
    log = logging.getLogger("stevedore.extension")
    known, disabled = sys.modules.get(PACKAGE), log.disabled
    if known is None:
        sys.modules[PACKAGE] = None  # type: ignore[assignment]
        log.disabled = True  # it says as an error what it could not load
    try:
        yield
    finally:
        log.disabled = disabled
        if known is None:
            del sys.modules[PACKAGE]
