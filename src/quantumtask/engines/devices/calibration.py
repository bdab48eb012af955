"""Device snapshots: the calibration of real devices on one day, from files of qiskit-ibm-runtime.

Qiskit calls such devices fake backends. The package itself is never imported, because that takes a
second and 80 MiB; only its data files are read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from quantumtask.shared.close_names import suggestion
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

PACKAGE = "qiskit_ibm_runtime"
INSTALL_COMMAND = "pip install '.[backends]'"

SYNTHETIC = frozenset(["fake_fractional", "fake_nighthawk"])
"""Snapshots of no real device, with which IBM tests its compiler; they are not offered."""

SI_FACTORS = {"": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "GHz": 1e9}


class GateCalibration(NamedTuple):
    """A gate or `reset` on some qubits of a device; None: not measured."""

    name: str
    qubits: tuple[int, ...]
    error: float | None
    duration_s: float | None


class QubitCalibration(NamedTuple):
    """A qubit of a device; None: not measured."""

    t1_s: float | None
    t2_s: float | None
    frequency_hz: float | None
    readout_error: float | None
    readout_s: float | None


@dataclass(frozen=True, eq=False)
class DeviceSnapshot:
    """The gates, qubits and calibration of a device.

    Attributes:
        calibrated: The day of the calibration, as YYYY-MM-DD.
        dt_s: The unit of the device's durations in seconds; None: the device has no unit.
    """

    name: str
    description: str
    calibrated: str
    dt_s: float | None
    basis_gates: tuple[str, ...]
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...]

    @property
    def coupling(self) -> list[tuple[int, ...]]:
        """The pairs of qubits on which a gate acts, in the direction of the gate."""
        return sorted({gate.qubits for gate in self.gates if len(gate.qubits) == 2})


@cache
def snapshot_folders() -> dict[str, Path]:
    """Return the folder of each snapshot's files, by name; none if the package is missing."""
    package = find_spec(PACKAGE)
    roots = package.submodule_search_locations if package else None
    files = Path(roots[0], "fake_provider", "backends").glob("*/props_*.json") if roots else ()
    folders = {f"fake_{file.parent.name}": file.parent for file in files}
    return {name: folders[name] for name in sorted(folders) if name not in SYNTHETIC}


@lru_cache(4)
def load_snapshot(name: str) -> DeviceSnapshot:
    """Return the snapshot that has this name.

    Raises:
        ResourceError: `backend_unknown` if no snapshot has this name.
    """
    folder = snapshot_folders().get(name)
    if folder is None:
        raise ResourceError(FailureCode.BACKEND_UNKNOWN, _unknown_backend_message(name))
    return _read_snapshot(name, folder)


def load_all_snapshots() -> Iterator[DeviceSnapshot]:
    """Yield all snapshots, one by one, because their files have 15 MB."""
    for name, folder in snapshot_folders().items():
        yield _read_snapshot(name, folder)


def _unknown_backend_message(name: str) -> str:
    if not snapshot_folders():
        return f"backend {name[:60]!r}: run `{INSTALL_COMMAND}` where the worker runs"
    close = suggestion(name, snapshot_folders())
    lists = "`quantumtask backends` or `GET /backends` lists all"
    return f"backend {name[:60]!r}: there is no such backend{close}; {lists}"


def _read_snapshot(name: str, folder: Path) -> DeviceSnapshot:
    short = folder.name
    conf = json.loads((folder / f"conf_{short}.json").read_bytes())
    props = json.loads((folder / f"props_{short}.json").read_bytes())
    dt = conf.get("dt")
    return DeviceSnapshot(
        name,
        _description(short, conf),
        props["last_update_date"][:10],
        dt * 1e-9 if dt else None,
        tuple([gate for gate in conf["basis_gates"] if gate != "reset"]),
        tuple([_qubit(_values(entries)) for entries in props["qubits"]]),
        tuple(_gates(conf, props)),
    )


def _description(short: str, conf: Mapping[str, Any]) -> str:
    kind = conf.get("processor_type") or {}
    family = f", {kind['family']} r{kind['revision']}" if "family" in kind else ""
    return f"IBM's {short.capitalize()}{family}"


def _qubit(values: Mapping[str, float]) -> QubitCalibration:
    names = ("T1", "T2", "frequency", "readout_error", "readout_length")  # as the fields
    return QubitCalibration(*[values.get(name) for name in names])


def _values(entries: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return measured values by name, in SI units."""
    return {
        entry["name"]: entry["value"] * SI_FACTORS[entry["unit"]]
        for entry in entries
        if entry["unit"] in SI_FACTORS
    }


def _gates(conf: Mapping[str, Any], props: Mapping[str, Any]) -> Iterator[GateCalibration]:
    """Yield the basis gates and `reset`, on all qubits on which the device has them."""
    names = [*conf["basis_gates"]]
    if "reset" not in names and "reset" in conf.get("supported_instructions", ["reset"]):
        names.append("reset")
    places: dict[str, dict[tuple[int, ...], dict[str, float]]] = {name: {} for name in names}
    for gate in conf["gates"]:
        if gate["name"] in places:
            places[gate["name"]] = {tuple(qubits): {} for qubits in gate.get("coupling_map", ())}
    for gate in props["gates"]:
        if gate["gate"] in places:
            places[gate["gate"]][tuple(gate["qubits"])] = _values(gate["parameters"])
    if "reset" in places and not places["reset"]:
        places["reset"] = {(qubit,): {} for qubit in range(conf["n_qubits"])}
    for name, measured in places.items():
        for qubits, values in measured.items():
            yield GateCalibration(name, qubits, values.get("gate_error"), values.get("gate_length"))
