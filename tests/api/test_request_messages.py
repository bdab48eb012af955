"""Bodies that are programs, and what the service says about a request that is wrong."""

import json
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.pages import page_commands
from tests.support.problems import problem
from tests.support.services import BELL, Service

ONE = "qubit q;\nbit c;\nc = measure q;\n"
TEXT = {"content-type": "text/plain"}


def post(
    service: Service, body: str | bytes, content_type: str = "", path: str = "/tasks"
) -> httpx.Response:
    headers = {"content-type": content_type} if content_type else {}
    content = body.encode() if isinstance(body, str) else body
    return service.http.post(path, content=content, headers=headers)


# A program as the body.


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain; charset=utf-8", "application/openqasm"]
)
def test_a_program_is_a_body_and_its_options_are_in_the_query(
    service: Service, content_type: str
) -> None:
    path = "/tasks?wait=30&shots=7&seed=3&memory=true&name=seven&tags=a&tags=b"
    task = post(service, BELL, content_type, path).json()
    assert (task["status"], task["shots"], task["seed"]) == ("completed", 7, 3)
    assert (task["name"], task["tags"], len(task["memory"])) == ("seven", ["a", "b"], 7)
    assert service.http.get(f"/tasks/{task['task_id']}/circuit").text == BELL


def test_options_that_are_not_strings_are_json(service: Service) -> None:
    program = "input float theta;\nqubit q;\nbit c;\nry(theta) q;\nc = measure q;\n"
    query = {"wait": "30", "parameters": '{"theta": 0}', "observables": "Z"}
    answer = service.http.post("/tasks", content=program.encode(), headers=TEXT, params=query)
    assert answer.json()["status"] == "completed", answer.text


def test_the_command_of_the_page_of_the_api_sends_a_file(service: Service, tmp_path: Path) -> None:
    (tmp_path / "bell.qasm").write_text("// two qubits\n" + BELL)
    [command] = page_commands("docs/reference/api.md", "console")
    curl = shlex.split(command.replace("http://127.0.0.1:8000", service.url))
    done = subprocess.run(curl, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["shots"] == 100, done


def test_a_program_that_curl_took_the_newlines_from_is_refused(
    service: Service, tmp_path: Path
) -> None:
    for head in ("OPENQASM 3.0; // two qubits\n", "// two qubits\n"):
        (tmp_path / "bell.qasm").write_text(head + BELL)
        curl = ["curl", "-sS", "-d", "@bell.qasm", f"{service.url}/tasks"]
        done = subprocess.run(curl, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert "use `curl --data-binary @bell.qasm`" in json.loads(done.stdout)["detail"]


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/plain"])
def test_json_needs_no_content_type(service: Service, content_type: str) -> None:
    assert post(service, json.dumps({"circuit": BELL}), content_type).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/openqasm"])
def test_a_page_of_another_origin_sends_no_program(service: Service, content_type: str) -> None:
    headers = {"content-type": content_type, "origin": "https://example.org"}
    answer = service.http.post("/tasks", content=BELL.encode(), headers=headers)
    assert (answer.status_code, problem(answer)["code"]) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    ("query", "body", "detail"),
    [
        ("shots=many", ONE, "shots: input should be a valid integer"),
        ("shots=1&shots=2", ONE, "shots: the query must have it at most once"),
        ("shot=100", ONE, "shot: no such query parameter; did you mean `shots`?"),
        (
            "circuit=x",
            ONE,
            "circuit: no such query parameter; did you mean `circuit_format`?",
        ),
        ("", " ", "circuit: must not be blank"),
        ("", b"// \n\xff", "circuit: must be UTF-8; line 2 has other bytes"),
    ],
)
def test_a_wrong_option_of_a_program_is_named(
    service: Service, query: str, body: str | bytes, detail: str
) -> None:
    answer = post(service, body, "text/plain", f"/tasks?{query}")
    assert answer.status_code == 400
    assert problem(answer)["detail"] == detail


def test_a_program_is_validated_and_estimated_as_it_is(service: Service) -> None:
    assert post(service, BELL, "text/plain", "/validate").json()["valid"] is True
    assert post(service, BELL, "text/plain", "/estimate?shots=5").json()["shots"] == 5


# What is not JSON.


@pytest.mark.parametrize("content_type", ["", "application/json"])
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"shots": 1,\n "circuit": "OPENQASM 3.0;\nqubit q;"}',
         "line 2, column 27: a string has a raw newline. Write it as \\n. Send the program"),
        ("{'circuit': 'qubit q;'}",
         "line 1, column 2: a name or a string is in single quotes. Write it in double quotes"),
        ("// a comment\n" + BELL,
         "line 1, column 1: the body is an OpenQASM program, not JSON. Send the program as it is"),
        ("circuit=qubit q;", "line 1, column 1: the body is a form, not JSON. Send a JSON object"),
        ("", "line 1, column 1: the body is empty. Send a JSON object"),
        ('{"é": x}', "line 1, column 7: no JSON value begins here"),
        ('{"shots": 1,}', "line 1, column 13: a comma has nothing after it. Remove the comma"),
        ('{"circuit": "x', "line 1, column 15: the text ends before the JSON value does"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_json_is_told_where_and_why(
    service: Service, content_type: str, body: str, sentence: str
) -> None:
    answer = post(service, body, content_type)
    assert (answer.status_code, problem(answer)["detail"]) == (400, "invalid json")
    (error,) = answer.json()["errors"]
    hint = f". {error['hint']}" if error["hint"] else ""
    message = f"line {error['line']}, column {error['column']}: {error['message']}{hint}"
    assert message.startswith(sentence)


@pytest.mark.parametrize(
    ("body", "token"),
    [('{"a": truu}', "truu}"), ('{"a": "\n"}', "\n"), ("{", None), ("not-json", "not-json")],
)
def test_the_text_that_is_not_json_is_named(service: Service, body: str, token: str | None) -> None:
    assert post(service, body).json()["errors"][0]["token"] == token


# Unknown names.


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/tasks?waitt=3", "waitt: no such query parameter; did you mean `wait`?"),
        ("/tasks?shots=3",
         "shots: not a query parameter if the body is JSON; write `shots` into the body"),
        ("/validate?strict=true", "strict: no such query parameter"),
    ],
)  # fmt: skip
def test_a_submission_with_an_unknown_query_is_refused(
    service: Service, path: str, detail: str
) -> None:
    answer = service.http.post(path, json={"circuit": ONE})
    assert (answer.status_code, problem(answer)["detail"]) == (400, detail)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/tasks?limits=3", "limits: no such query parameter; did you mean `limit`?"),
        ("/tasks/x?wiat=3", "wiat: no such query parameter; did you mean `wait`?"),
        ("/tasks/x/result?view=status", "view: no such query parameter"),
        ("/tasks/x/circuit?wait=3", "wait: no such query parameter"),
        ("/batches/x?ofset=1", "ofset: no such query parameter"),
        ("/batches/x/results?ofset=1",
         "ofset: no such query parameter; did you mean `offset`?"),
        ("/queue?owner=me", "owner: no such query parameter"),
        ("/engines?all", "all: no such query parameter"),
    ],
)  # fmt: skip
def test_an_unknown_query_parameter_is_refused(service: Service, path: str, detail: str) -> None:
    answer = service.http.get(path)
    assert (answer.status_code, problem(answer)["detail"]) == (400, detail)


def test_the_probes_of_a_monitor_may_have_any_query(service: Service) -> None:
    assert service.http.get("/health?now=1").status_code == 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"circuit": ONE, "shot": 3}, "shot: no such field; did you mean `shots`?"),
        ({"circuit": ONE, "frob": 3}, "frob: no such field"),
        ({"shot": 3}, "circuit: field required, and `shot` is not a field; did you mean `shots`?"),
        ({"qasm": ONE}, "circuit: field required, and `qasm` is not a field"),
        ({"circut": ONE},
         "circuit: field required, and `circut` is not a field; did you mean `circuit`?"),
    ],
)  # fmt: skip
def test_a_missing_circuit_is_said_before_an_unknown_field(
    service: Service, body: object, detail: str
) -> None:
    assert problem(service.http.post("/tasks", json=body))["detail"] == detail
