"""Values of a task's options, which the API checks and a slot executes."""

COUNTS, MEMORY, PROBABILITIES = "counts", "memory", "probabilities"
STATEVECTOR, EXPECTATION_VALUES, UNITARY = "statevector", "expectation_values", "unitary"
GRADIENTS, REGISTERS, REGISTER_MEMORY = "gradients", "registers", "register_memory"
OUTPUT_KINDS = (
    COUNTS, MEMORY, PROBABILITIES, STATEVECTOR, EXPECTATION_VALUES, UNITARY, GRADIENTS, REGISTERS,
    REGISTER_MEMORY,
)  # fmt: skip
"""Values of `return`: the kinds of output of a task."""

COMPILE_AUTO, COMPILE_ALWAYS, COMPILE_NEVER = "auto", "always", "never"
COMPILE_MODES = (COMPILE_AUTO, COMPILE_ALWAYS, COMPILE_NEVER)
"""Values of `compile`; `auto` compiles a circuit unless it names physical qubits."""

OBSERVABLE_LETTERS = frozenset("IXYZ01+-rl")
"""Letters of an observable: Pauli matrices, and projectors on their eigenstates."""

MAX_OBSERVABLE_TERMS = 200_000
"""Largest number of terms of all observables of a task."""

ARRAY_BYTE_ORDER = "little"
"""Byte order of the numbers in an array that JSON carries as base64."""

ARRAY_DTYPES = {
    "float64": "<f8", "complex128": "<c16", "int64": "<i8", "uint8": "|u1", "bool": "|b1",
}  # fmt: skip
"""For each dtype of an array in JSON, NumPy's type string, which has the byte order."""

OPENQASM, QPY = "openqasm", "qpy"
CIRCUIT_FORMATS = (OPENQASM, QPY)
"""Formats of the text of a circuit; `qpy` is base64 of QPY, which Qiskit writes."""

ALL_PARAMETERS = "*"
"""The name of an array with the values of all parameters of a circuit in QPY, in their order."""
