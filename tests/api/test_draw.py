"""Drawings of circuits, through HTTP, from Python and from a terminal: nothing is run."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from quantumtask.client import CircuitError, Client
from tests.support.command_line import quantumtask
from tests.support.problems import problem
from tests.support.services import BELL, Service

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nfrobnicate q[0];\nh q[5];\n'


def test_a_drawing_is_an_svg_document(service: Service) -> None:
    answers = [
        service.http.post("/draw", json={"circuit": BELL}),
        service.http.post("/draw", content=BELL, headers={"content-type": "text/plain"}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/svg+xml"
        root = ElementTree.fromstring(answer.content)
        assert root.get("aria-label") == "Circuit with 2 qubits and 4 operations"
    assert answers[0].content == answers[1].content


def test_a_drawing_needs_no_values_of_inputs(service: Service) -> None:
    circuit = "input angle theta;\nqubit q;\nU(theta, 0, 0) q;\nbit c = measure q;"
    for fields in ({}, {"parameters": {"theta": 0.3}}):
        answer = service.http.post("/draw", json={"circuit": circuit, **fields})
        assert answer.status_code == 200
        assert ">theta, 0, 0</text>" in answer.text


def test_a_wrong_circuit_has_all_its_problems_instead_of_a_drawing(service: Service) -> None:
    answer = service.http.post("/draw", json={"circuit": WRONG})
    assert answer.status_code == 422
    body = answer.json()
    assert body["code"] == "unknown_gate"
    assert [(each["line"], each["column"]) for each in body["errors"]] == [(4, 1), (5, 5)]


def test_other_mistakes_are_those_of_validate(service: Service) -> None:
    for body in ({}, {"circuit": 1}, {"circuit": BELL, "shots": 10}):
        drawing, validation = (
            service.http.post(path, json=body) for path in ("/draw", "/validate")
        )
        assert problem(drawing) == problem(validation)


def test_the_client_and_the_terminal_draw(service: Service, tmp_path: Path) -> None:
    with Client(service.url) as client:
        drawing = client.draw(BELL)
        with pytest.raises(CircuitError, match="frobnicate"):
            client.draw(WRONG)
    drawing.save(tmp_path / "client.svg")
    assert (tmp_path / "client.svg").read_text() == drawing._repr_svg_() == str(drawing)
    assert drawing.svg.startswith("<svg ")
    assert len(repr(drawing)) < 50
    file, output = tmp_path / "bell.qasm", tmp_path / "bell.svg"
    file.write_text(BELL)
    saved = quantumtask("draw", str(file), "-o", str(output), "--url", service.url)
    assert (saved.returncode, saved.stdout) == (0, "")
    printed = quantumtask("draw", str(file), "--url", service.url)
    assert printed.stdout == output.read_text() == drawing.svg
    file.write_text(WRONG)
    wrong = quantumtask("draw", str(file), "--url", service.url)
    assert wrong.returncode == 1
    assert "unknown gate `frobnicate`" in wrong.stderr
