"""Tasks and bodies that the door of Amazon Braket refuses, each with its reason."""

import json
from typing import Any

import pytest

from quantumtask.doors.braket.arns import device_arn
from tests.doors.protocols import braket_body
from tests.support.services import Service

RESULT = "qubit[2] q; h q[0];\n#pragma braket result "
AMPLITUDE = '#pragma braket result amplitude "00"'
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"frobnicate": 1}, "frobnicate: no such field"),
    "device": ({"deviceArn": "arn:aws:braket:::device/qpu/ionq/Aria-1"}, "not a device of this"),
    "our simulator": ({"deviceArn": device_arn("simulator")}, "not a device of this service"),
    "shots": ({"shots": -1}, "shots: "),
    "bucket": ({"outputS3Bucket": "../x"}, "outputS3Bucket: "),
    "action": ({"action": "{"}, "invalid json"),
    "action list": ({"action": "[]"}, "action: must be the text of a JSON object"),
    "job": ({"jobToken": "x"}, "jobToken: this service has no hybrid jobs"),
    "reservation": ({"associations": []}, "associations: this service has no reservations"),
    "rewiring": (
        {"deviceParameters": json.dumps({"paradigmParameters": {"disableQubitRewiring": True}})},
        "paradigmParameters.disableQubitRewiring",
    ),
    "mitigation": (
        {"deviceParameters": '{"errorMitigation": {}}'}, "errorMitigation: no such field",
    ),
    "program set": (
        {"action": '{"braketSchemaHeader": {"name": "braket.ir.openqasm.program_set"}}'},
        "action: must be a program of the schema braket.ir.openqasm.program",
    ),
    "blank program": (braket_body(" \n"), "source: must not be blank"),
    "no results": (braket_body("qubit q;", 0), "shots: must be at least 1"),
    "output": (braket_body("output bit b; qubit q; b = measure q;"), "`output` variables"),
    "both": (braket_body("bit b;\n" + RESULT + "probability\nb = measure q[0];"), "not both"),
    "gradient": (braket_body(RESULT + "adjoint_gradient expectation(x(q[0])) all", 0), "gradients"),
    "state": (braket_body(RESULT + "state_vector"), "shots: must be 0 for `state_vector`"),
    "state of noise": (
        braket_body("qubit[2] q;\n#pragma braket noise bit_flip(0.1) q[0]\n" + AMPLITUDE, 0),
        "a program with noise has no `amplitude`",
    ),
    "sample": (braket_body(RESULT + "sample z all", 0), "shots: must be at least 1 for `sample`"),
    "unknown": (braket_body(RESULT + "entropy", 0), "there is no result 'entropy'"),
    "observable": (braket_body(RESULT + "expectation w(q[0])", 0), "no observable 'w'"),
    "sum": (braket_body(RESULT + "expectation 2 * x(q[0]) + z(q[1])", 0), "is not an observable"),
    "twice": (braket_body(RESULT + "probability q[0], q[0]", 0), "names a qubit twice"),
    "outside": (braket_body(RESULT + "probability q[2]", 0), "there is no qubit 'q[2]'"),
    "alias": (braket_body(RESULT + "probability a", 0), "'a' is not a declared qubit"),
    "amplitude": (braket_body(RESULT + 'amplitude "0"', 0), "of 2 characters"),
    "not hermitian": (
        braket_body(RESULT + "expectation hermitian([[0, 1], [2, 0]]) q[0]", 0), "not hermitian",
    ),
    "no matrix": (
        braket_body(RESULT + "expectation hermitian([[0, 1]]) q[0]", 0), "must be such as",
    ),
    "two bases": (
        braket_body(RESULT + "sample x(q[0])\n#pragma braket result sample z(q[0])"),
        "observables on qubit 0 differ",
    ),
    "wide matrix": (
        braket_body(RESULT + "sample hermitian([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], "
                    "[0, 0, 0, 2]]) q\n#pragma braket result sample z(q[1])"),
        "observables on qubit 1 differ",
    ),
    "size": (braket_body("const int n = 2; qubit[n] q;"), "must be a number"),
    "physical": (braket_body("x $0;"), "needs declared qubits"),
    "index": (
        braket_body("qubit[2] q; bit[2] b; for int i in [0:1] { b[i] = measure q[i]; }"),
        "write each measurement as",
    ),
    "large table": (
        braket_body("qubit[21] q;\n#pragma braket result probability", 0), "at most 20 qubits",
    ),
    "large matrix": (
        braket_body("qubit[6] q;\n#pragma braket result density_matrix", 0), "at most 5 qubits",
    ),
    "tag of a number": ({"tags": {"a": 1}}, "tags: "),
    "many tags": ({"tags": dict.fromkeys(map(str, range(51)), "")}, "must be at most 50"),
    "many numbers": (
        braket_body("qubit[20] q;" + "\n#pragma braket result probability all" * 5, 0),
        "may need at most 4,194,304",
    ),
    "many samples": (
        braket_body("qubit[5] q;\n#pragma braket result sample z all", 1_000_000),
        "may need at most 4,194,304",
    ),
    "many qubits": (braket_body("qubit[1001] q;"), "must declare at most 1,000 qubits"),
    "many measurements": (
        braket_body("qubit[1000] q; bit[1000] b;" + "b = measure q;" * 101),
        "must measure at most 100,000",
    ),
    "many factors": (
        braket_body(RESULT + "expectation z(q[0]) @ z(q[1]) @ z(q[0])", 0), "more factors",
    ),
    "many results": (
        braket_body(RESULT + "probability\n#pragma braket result " * 500 + "probability"),
        "at most 500 results",
    ),
    "tags": ({"tags": {"a": "x" * 20_000}}, "metadata: must be at most"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_task_is_refused_in_the_form_of_aws(service: Service, name: str) -> None:
    fields, message = REFUSED[name]
    answer = service.http.post("/aws/quantum-task", json={**braket_body("qubit q; x q;"), **fields})
    assert answer.status_code in (400, 404, 413), answer.text
    assert message in answer.json()["message"]
    assert answer.headers["x-amzn-errortype"] in (
        "ValidationException",
        "ResourceNotFoundException",
    )


def test_bodies_that_are_no_tasks_and_fifty_megabytes_are_refused(service: Service) -> None:
    for content, status in (("{", 400), ("[]", 400), ("", 400), (b" " * 50_000_000, 413)):
        assert service.http.post("/aws/quantum-task", content=content).status_code == status
    for filters in (
        [{"name": "jobArn", "operator": "EQUAL", "values": ["x"]}],
        [{"name": "status", "operator": "LT", "values": ["x"]}],
    ):
        answer = service.http.post("/aws/quantum-tasks", json={"filters": filters})
        assert answer.status_code == 400, filters
    assert service.http.post("/aws/quantum-tasks", json={"nextToken": "x"}).status_code == 400
