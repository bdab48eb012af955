"""Backends of clients of doors, for Qiskit's tests of primitives."""

import os
from functools import partial
from typing import Any


def _braket() -> Any:
    from qiskit_braket_provider import BraketProvider

    backend = BraketProvider().get_backend("SV1")
    backend.run = partial(backend.run, poll_interval_seconds=0.02)
    return backend


def _ionq() -> Any:
    from qiskit_ionq import IonQProvider

    return IonQProvider().get_backend("simulator")


def create_backend() -> Any:
    return {"braket": _braket, "ionq": _ionq}[os.environ["DOOR_BACKEND"]]()
