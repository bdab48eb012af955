"""Qiskit's pass managers, without the plugins of the package that has the fake backends."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qiskit.transpiler import PassManager
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager

from quantumtask.engines.devices.calibration import PACKAGE


def build_pass_manager(level: int, **options: Any) -> PassManager:
    """Return the pass manager of one of Qiskit's optimization levels."""
    with _without_plugin():
        return generate_preset_pass_manager(optimization_level=level, **options)


@contextmanager
def _without_plugin() -> Iterator[None]:
    """Hide the package from Qiskit, which searches for plugins in each call.

    The import of the package takes 1 to 3 seconds.
    """
    log = logging.getLogger("stevedore.extension")
    module, disabled = sys.modules.get(PACKAGE), log.disabled
    if module is None:
        sys.modules[PACKAGE] = None  # type: ignore[assignment]
        log.disabled = True  # it logs the failed import as an error
    try:
        yield
    finally:
        log.disabled = disabled
        if module is None:
            del sys.modules[PACKAGE]
