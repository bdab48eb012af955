"""Exact probabilities and counts of circuits that a service has run."""

from typing import Any

import numpy as np

from tests.support.http_queries import run_circuit
from tests.support.services import Service

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


UNLIKELY = 1e-6


def exactly(service: Service, circuit: str, **body: Any) -> Any:
    fields = {"return": ["probabilities"], **body}
    return run_circuit(service, circuit, **fields)["data"]["probabilities"]


def table(counts: dict[str, int], bits: int) -> Any:
    totals = np.zeros(1 << bits, dtype=np.int64)
    for text, shots in counts.items():
        totals[int(text.replace(" ", ""), 2)] = shots
    return totals
