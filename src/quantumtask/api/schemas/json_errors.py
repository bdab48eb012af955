"""The reason why a body is not JSON: the line, the column, the text there, and a remedy."""

import re

from quantumtask.shared.task import Problem

_POSITION = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
"""The form of the parser's messages. Columns count bytes from 1; column 0 is the line's end."""

_PROGRAM = re.compile(
    rb"(?>\xef\xbb\xbf)?(?>\s+|//[^\n]*|/\*(?s:.*?)\*/)*+"
    rb"(?:OPENQASM|include|input|output|const|gate|def|qubit|qreg|bit|creg)[\s\[\"]"
)
"""The first statement of an OpenQASM program, after comments."""

_FORM = re.compile(rb"[A-Za-z_]\w*=|--[^\r\n]+\r\nContent-Disposition:")

_MAX_TOKEN = 20
_REMEDIES = {
    "trailing comma": ("a comma has nothing after it", "Remove the comma"),
    "trailing characters": ("the JSON value has ended, but the text goes on", None),
    "key must be a string": ("a name of an object is not in double quotes", None),
    "invalid unicode code point": ("the text is not UTF-8", "Send JSON in UTF-8"),
    "recursion limit exceeded": ("the lists or objects are nested too deeply", None),
    "unexpected end of hex escape": ("the escape is half of a character", "Write both halves"),
    "invalid escape": ("the escape is not one of JSON's", r"Write a backslash as \\"),
    "expected `:`": ("a colon is missing", None),
    "expected `,` or `}`": ("a comma or the end of the object is missing", None),
    "expected `,` or `]`": ("a comma or the end of the list is missing", None),
}
"""The message and the remedy for each message of the parser that is not clear by itself."""

SEND_PROGRAM = (
    "Send the program as it is with `Content-Type: text/plain`, such as `curl -H 'Content-Type: "
    "text/plain' --data-binary @bell.qasm …/tasks?shots=100`, or as the string `circuit` of a JSON "
    "object"
)
_SEND_OBJECT = 'Send a JSON object, such as {"circuit": "OPENQASM 3.0; …"}'


def looks_like_program(body: bytes) -> bool:
    """Return True if a body begins as an OpenQASM program does, which JSON never does."""
    return _PROGRAM.match(body) is not None


def explain_json_error(body: bytes, reason: str) -> Problem:
    """Return the problem of a body that is not JSON.

    Args:
        body: The body.
        reason: The message of the parser, which ends with a line and a column.
    """
    parsed = _POSITION.fullmatch(reason)
    words, offset = (parsed[1], _byte_offset(body, parsed)) if parsed else (reason, 0)
    if words == "expected ident":  # a word that begins as true, false, null or NaN do
        offset = _word_start(body, offset)
    elif words.startswith("EOF"):
        offset = len(body)
    message, hint = _explain(body, words, offset)
    before = body[:offset].decode(errors="replace")
    return Problem(
        "invalid_json",
        message,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        token=_token(body, offset),
        hint=hint,
    )


def _byte_offset(body: bytes, position: re.Match[str]) -> int:
    line_start = 0
    for _ in range(int(position[2]) - 1):
        line_start = body.index(b"\n", line_start) + 1
    return min(max(line_start + int(position[3]) - 1, 0), len(body))


def _word_start(body: bytes, offset: int) -> int:
    while offset and body[offset - 1 : offset].isalnum():
        offset -= 1
    return offset


def _token(body: bytes, offset: int) -> str | None:
    """Return the text at a position up to the next space; None at the end of the body."""
    words = body[offset : offset + 4 * _MAX_TOKEN].decode(errors="replace")[:_MAX_TOKEN]
    return (words.split() or [words])[0] if words[:1].strip() else words[:1] or None


def _explain(body: bytes, words: str, offset: int) -> tuple[str, str | None]:
    """Return the message and the remedy."""
    here = body[offset : offset + 1]
    if not body.strip():
        return "the body is empty", _SEND_OBJECT
    if looks_like_program(body):
        return "the body is an OpenQASM program, not JSON", SEND_PROGRAM
    if _FORM.match(body):
        return "the body is a form, not JSON", _SEND_OBJECT
    if here == b"'":
        return "a name or a string is in single quotes", "Write it in double quotes"
    if words.startswith("control character"):
        return _explain_control_character(here)
    if words.startswith("EOF"):
        return "the text ends before the JSON value does", "Check the closing quotes and brackets"
    return _REMEDIES.get(words, (_describe(words), None if offset else _SEND_OBJECT))


def _explain_control_character(character: bytes) -> tuple[str, str]:
    if character in (b"\n", b"\r"):
        return "a string has a raw newline", rf"Write it as \n. {SEND_PROGRAM}"
    if character == b"\t":
        return "a string has a raw tab", r"Write it as \t"
    return "a string has a raw control character", r"Write it as \u and four hexadecimal digits"


def _describe(words: str) -> str:
    return "no JSON value begins here" if words in ("expected ident", "expected value") else words
