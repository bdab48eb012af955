"""The words of a task's options, which the API checks and a slot carries out."""

COUNTS, MEMORY, PROBABILITIES = "counts", "memory", "probabilities"
STATEVECTOR, EXPECTATIONS, UNITARY = "statevector", "expectation_values", "unitary"
RETURNS = (COUNTS, MEMORY, PROBABILITIES, STATEVECTOR, EXPECTATIONS, UNITARY)
"""What a task can return."""

AS_NEEDED, ALWAYS, NEVER = "auto", "always", "never"
COMPILE = (AS_NEEDED, ALWAYS, NEVER)
"""Values of `compile`; `auto` compiles a circuit unless it names physical qubits."""

LETTERS = frozenset("IXYZ01+-rl")
"""Of an observable: Pauli matrices, and projectors on their eigenstates."""

MOST_TERMS = 200_000
"""Terms of all observables of a task."""
