"""The tasks of a quantum program, one for each item, and the program made of its tasks again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.qpy_container import join_circuits, split_circuits
from quantumtask.doors.ibm.quantum_program import (
    CircuitItem,
    PauliLindbladMap,
    QuantumProgram,
    SamplexItem,
    parse_part,
    parse_quantum_program,
)
from quantumtask.doors.ibm.tensors import EncodedTensor, from_encoded_array, to_encoded_array
from quantumtask.shared.errors import InvalidRequest, ParametersTooLarge
from quantumtask.shared.output_kinds import ALL_PARAMETERS, QPY, REGISTER_MEMORY
from quantumtask.shared.task import MAX_PARAMETERS_BYTES, TaskSpec

_PROGRAM = "quantum_program"


class StoredItem(NamedTuple):
    """The texts of the task of an item."""

    circuit: str
    options: Mapping[str, Any]
    parameters: Mapping[str, Any]


def plan_tasks(params: dict[str, Any], context: JobContext) -> JobPlan:
    """Return the tasks of the items of a quantum program.

    Raises:
        InvalidRequest: a field is not valid; the message names it.
    """
    program, circuits, items = parse_quantum_program(params)
    place = f"params.{_PROGRAM}.circuits.b64_data"
    texts = split_circuits(circuits.b64_data, circuits.num_programs, place)
    remainder = _without_texts(params)
    tasks = [
        _task(item, number, text, program, context, None if number else remainder)
        for number, (item, text) in enumerate(zip(items, texts, strict=True))
    ]
    return JobPlan(tasks)


def _task(
    item: CircuitItem | SamplexItem,
    number: int,
    circuit: str,
    program: QuantumProgram,
    context: JobContext,
    attachment: Any,
) -> TaskSpec:
    """Return the task of an item; the first one has what is in no item."""
    place = f"params.{_PROGRAM}.items.{number}"
    options: dict[str, Any] = {
        "circuit_format": QPY,
        "return": [REGISTER_MEMORY],
        "attachment": attachment,
    }
    spec = TaskSpec(circuit, shots=program.shots)
    if isinstance(item, CircuitItem):
        array = to_encoded_array(item.circuit_arguments, f"{place}.circuit_arguments")
        _check_shape(item, array["shape"], place)
        if array["shape"] != [0]:
            text = json.dumps({ALL_PARAMETERS: array}, separators=(",", ":"))
            spec = replace(spec, parameters=text)
    else:
        options["randomization"] = {
            "samplex": item.samplex.samplex_json,
            "arguments": _arguments(item, place),
            "shape": item.shape,
        }
    stored = context.task_options(options) or ""
    if len(stored) > MAX_PARAMETERS_BYTES:
        raise ParametersTooLarge(
            f"{place}: its samplex and arguments, with passthrough_data in the first item, must be "
            f"at most {MAX_PARAMETERS_BYTES:,} bytes as JSON"
        )
    return replace(spec, options=stored)


def _check_shape(item: CircuitItem, arguments: list[int], place: str) -> None:
    if item.shape and item.shape != arguments[:-1]:
        raise InvalidRequest(
            f"{place}.shape: must be [] or that of the arguments, {arguments[:-1]!s:.60}, because "
            f"this service repeats no circuit: raise `shots`; got {item.shape!s:.60}"
        )


def _arguments(item: SamplexItem, place: str) -> dict[str, Any]:
    """Return the arguments of a samplex as those of the option `randomization`."""
    return {
        name: _argument(value, f"{_PROGRAM}{place.partition(_PROGRAM)[2]}.samplex_arguments.{name}")
        for name, value in item.samplex_arguments.items()
    }


def _argument(value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        return value
    if "sparse_terms" in value:
        noise = parse_part(PauliLindbladMap, value, place)
        return {"num_qubits": noise.num_qubits, "terms": noise.sparse_terms}
    return to_encoded_array(parse_part(EncodedTensor, value, place), f"params.{place}")


def _without_texts(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters without what the tasks hold: circuits, samplexes and numbers."""
    program = dict(params[_PROGRAM])
    program["circuits"] = {**program["circuits"], "b64_data": None}
    program["items"] = [_item_without_texts(item) for item in program["items"]]
    return {**params, _PROGRAM: program}


def _item_without_texts(item: dict[str, Any]) -> dict[str, Any]:
    if item["item_type"] == "circuit":
        return {**item, "circuit_arguments": {**item["circuit_arguments"], "data": None}}
    return {
        **item,
        "samplex": {**item["samplex"], "samplex_json": None},
        "samplex_arguments": {
            name: None if isinstance(value, dict) else value
            for name, value in item["samplex_arguments"].items()
        },
    }


def remaining_params(first: StoredItem) -> dict[str, Any]:
    """Return the parameters without what the tasks hold, from the task of the first item."""
    params: dict[str, Any] = first.options["attachment"]
    return params


def restore_params(stored: Sequence[StoredItem]) -> dict[str, Any]:
    """Return the parameters of a job as they were submitted."""
    params = remaining_params(stored[0])
    program = params[_PROGRAM]
    program["circuits"]["b64_data"] = join_circuits([each.circuit for each in stored])
    for item, each in zip(program["items"], stored, strict=True):
        if item["item_type"] == "circuit":
            empty = {"data": "", "shape": [0], "dtype": "float64"}
            array = each.parameters.get(ALL_PARAMETERS, empty)
            item["circuit_arguments"]["data"] = from_encoded_array(array)["data"]
        else:
            randomization = each.options["randomization"]
            item["samplex"]["samplex_json"] = randomization["samplex"]
            for name, value in randomization["arguments"].items():
                item["samplex_arguments"][name] = _restore_argument(value)
    return params


def _restore_argument(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "terms" in value:
        return {"sparse_terms": value["terms"], "num_qubits": value["num_qubits"]}
    return from_encoded_array(value)
