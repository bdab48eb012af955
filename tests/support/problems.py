"""Error answers of the service."""


def problem(answer: object) -> dict[str, object]:
    """Return the problem document (RFC 9457) of an answer, after checking its form."""
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    members = {"type", "title", "status", "detail", "code"}
    assert set(body) == (members | {"errors"} if body["code"] == "invalid_json" else members)
    assert body["status"] == answer.status_code  # type: ignore[attr-defined]
    assert isinstance(body["detail"], str)
    assert isinstance(body["code"], str)
    for secret in ("Traceback", ".py", "SELECT", "sqlite", "/src/", "apsw"):
        assert secret not in answer.text  # type: ignore[attr-defined]
    return body
