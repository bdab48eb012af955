"""Circuits that tests of several rooms run."""

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
TWO_QUBITS = HEAD + "qubit[2] q;\nbit[2] c;\n"


# Few statements, and a second or more in any engine: its estimated cost is far too low. Its gates
# act on four qubits in turn, so an engine can merge few of them.
DECEPTIVE = HEAD + (
    "gate a w, x, y, z { rx(0.1) w; cx w, x; rx(0.1) y; cx y, z; rx(0.1) x; cx x, y; "
    "rx(0.1) z; cx z, w; } gate b w, x, y, z { "
    + "a w, x, y, z; " * 30
    + "} gate d w, x, y, z { "
    + "b w, x, y, z; " * 5
    + "} qubit[20] q; bit[2] c; h q; d q[0], q[5], q[10], q[15]; d q[1], q[6], q[11], q[16]; "
    "c[0] = measure q[0]; c[1] = measure q[11];"
)


# Cheap enough to share a chunk with others, and some milliseconds in the engine.
SLOW_TINY = HEAD + "qubit[6] q; bit[6] c; " + "rx(0.1) q; " * 60 + "c = measure q;"


def prepare_number(number: int) -> tuple[str, dict[str, int]]:
    """Return a circuit whose only outcome is a number, and the counts of 10 shots."""
    flips = "".join(f"x q[{k}];" for k in range(10) if number >> k & 1)
    text = f'include "stdgates.inc"; qubit[10] q; bit[10] c; {flips} c = measure q;'
    return text, {f"{number % 1024:010b}": 10}


T_GATE = TWO_QUBITS + "h q[0];\nt q[0];\nc = measure q;"


FEED_FORWARD = (
    TWO_QUBITS + "h q[0];\nc[0] = measure q[0];\nif (c[0]) { x q[1]; }\nc[1] = measure q[1];"
)


DEEP = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[60] q;\nbit[60] c;\nfor int d in [1:40] {\n'
    "  for int k in [0:59] { rx(0.1 * d) q[k]; }\n  for int k in [0:58] { cx q[k], q[k + 1]; }\n"
    "}\nc = measure q;"
)


LONG = TWO_QUBITS + "x q[0];\n" * 120_000
"""Almost 1 MiB, and no loop: to read it takes a second or so, on any machine."""
