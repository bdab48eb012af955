"""The options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the service's JSON and nothing else.")]
Url = Annotated[
    str | None,
    typer.Option(help="The service; default: QUANTUMTASK_URL, then http://127.0.0.1:8000."),
]
Engine = Annotated[
    str | None, typer.Option(help="What runs it: a name of `quantumtask engines`; default: auto.")
]
Method = Annotated[str | None, typer.Option(help="A method of that engine.")]
Shots = Annotated[int | None, typer.Option(help="How often to run it; default 1024.")]
Seed = Annotated[int | None, typer.Option(help="Makes the counts repeatable.")]
File = Annotated[
    str, typer.Argument(metavar="FILE", help="OpenQASM 3 text in UTF-8; - reads standard input.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the task has ended.")]
TaskId = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]
Owner = Annotated[str | None, typer.Option(help="Whose task it is; all get a fair share.")]
Priority = Annotated[
    int | None, typer.Option(help="-10 to 10: a higher one goes before all lower ones.")
]
Name = Annotated[str | None, typer.Option(help="A name to find it by.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given often.")]
Limit = Annotated[float | None, typer.Option("--timeout", help="Most seconds it may run.")]
Backend = Annotated[
    str | None, typer.Option(help="Compile for it, and run with its noise: `quantumtask backends`.")
]
Compile = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        help="always, never or auto: compile it for the backend; default auto: unless it names "
        "physical qubits ($0).",
    ),
]
Noise = Annotated[
    str | None,
    typer.Option(help="A device twin's name, or rates or errors: JSON, or a .json file."),
]
Observables = Annotated[
    list[str] | None,
    typer.Option(
        "--observable",
        metavar="PAULIS",
        help='ZZ, or a sum as JSON: \'[["ZZ", 1.0], ["XI", 0.5]]\'; its expectation value is '
        "wanted. The last letter is the first qubit. May be given often.",
    ),
]
Precision = Annotated[
    float | None, typer.Option(help="The standard error that is good enough; default 0: exact.")
]
Returns = Annotated[
    list[str] | None,
    typer.Option(
        "--return",
        metavar="WHAT",
        help="counts, memory, probabilities, statevector, unitary or expectation_values. "
        "May be given often.",
    ),
]
