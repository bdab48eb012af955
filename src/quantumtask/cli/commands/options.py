"""Options that several commands have."""

from typing import Annotated

import typer

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the JSON of the service and nothing else.")
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        help="Address of the service; default: QUANTUMTASK_URL, then http://127.0.0.1:8000."
    ),
]
EngineOption = Annotated[
    str | None, typer.Option(help="Engine: a name from `quantumtask engines`; default: auto.")
]
MethodOption = Annotated[str | None, typer.Option(help="A method of that engine.")]
MaxBondOption = Annotated[
    int | None,
    typer.Option(
        help="With --method matrix_product_state: the largest bond dimension. The result is "
        "approximate and has a bound on its error."
    ),
]
TruncationOption = Annotated[
    float | None,
    typer.Option(
        help="With --method matrix_product_state: the largest weight that a gate may drop."
    ),
]
MaxTermsOption = Annotated[
    int | None,
    typer.Option(
        help="With --method pauli_propagation: the largest number of Pauli words of an observable. "
        "The values are approximate and have a bound on their error."
    ),
]
MinCoefficientOption = Annotated[
    float | None,
    typer.Option(help="With --method pauli_propagation: drop Pauli words of smaller coefficients."),
]
ShotsOption = Annotated[
    int | None, typer.Option(help="Number of runs of the circuit; default 1024.")
]
SeedOption = Annotated[
    int | None, typer.Option(help="Seed of the random numbers: equal seeds give equal counts.")
]
FileOption = Annotated[
    str,
    typer.Argument(metavar="FILE", help="File with OpenQASM 3 in UTF-8; - reads standard input."),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until the task has ended.")]
TaskIdOption = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the task, or enough of its beginning.")
]
AnyIdOption = Annotated[
    str,
    typer.Argument(metavar="ID", help="Id of the task or the batch, or enough of its beginning."),
]
LatestAnyIdOption = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        help="Id of the task or the batch, or enough of its beginning; default: the latest task.",
        show_default=False,
    ),
]
OwnerOption = Annotated[
    str | None, typer.Option(help="Owner of the task; the owners share the slots fairly.")
]
PriorityOption = Annotated[int | None, typer.Option(help="-10 to 10: higher priorities run first.")]
NameOption = Annotated[str | None, typer.Option(help="Name of the task, for lists.")]
TagsOption = Annotated[list[str] | None, typer.Option("--tag", help="Tag of the task; repeatable.")]
LimitOption = Annotated[
    float | None, typer.Option("--timeout", help="Time limit of the task, in seconds.")
]
BackendOption = Annotated[
    str | None,
    typer.Option(help="Device to compile for, with its noise: a name from `quantumtask backends`."),
]
CompileOption = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        help="Compile for the backend: always, never or auto. auto, the default, compiles circuits "
        "without physical qubits ($0).",
    ),
]
NoiseOption = Annotated[
    str | None,
    typer.Option(help="Name of a device, or error rates or a noise model: JSON, or a .json file."),
]
ObservablesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--observable",
        metavar="PAULIS",
        help="Observable to return the expectation value of: ZZ, or a sum as JSON: "
        '\'[["ZZ", 1.0], ["XI", 0.5]]\'. The last letter is the first qubit. Repeatable.',
    ),
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(help="Standard error of the expectation values; default 0: exact values."),
]
ReturnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--return",
        metavar="WHAT",
        help="counts, memory, probabilities, statevector, unitary, expectation_values, gradients. "
        "Repeatable.",
    ),
]
