"""Options of a task, which `submit` and `batch` share."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import read_noise, read_observables

MemoryOption = Annotated[bool, typer.Option("--memory", help="Also return the bits of each shot.")]


@dataclass(frozen=True)
class SubmitOptions:
    """Options of a task as the terminal has them; None where an option is absent."""

    shots: ask.ShotsOption = None
    seed: ask.SeedOption = None
    name: ask.NameOption = None
    tag: ask.TagsOption = None
    memory: MemoryOption = False
    timeout: ask.LimitOption = None
    observable: ask.ObservablesOption = None
    precision: ask.PrecisionOption = None
    returns: ask.ReturnsOption = None
    noise: ask.NoiseOption = None
    backend: ask.BackendOption = None
    compile: ask.CompileOption = None
    engine: ask.EngineOption = None
    method: ask.MethodOption = None
    max_bond: ask.MaxBondOption = None
    truncation: ask.TruncationOption = None
    max_terms: ask.MaxTermsOption = None
    min_coefficient: ask.MinCoefficientOption = None
    owner: ask.OwnerOption = None
    priority: ask.PriorityOption = None

    def arguments(self, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the keyword arguments of `Client.submit` and `Client.batch`.

        Args:
            parameters: Values of the inputs; a list among them makes the task a sweep.
        """
        return {
            "shots": self.shots,
            "seed": self.seed,
            "name": self.name,
            "tags": self.tag or (),
            "memory": self.memory or None,
            "timeout_s": self.timeout,
            "observables": read_observables(self.observable, parameters),
            "precision": self.precision,
            "returns": self.returns,
            "noise": read_noise(self.noise),
            "backend": self.backend,
            "compile": self.compile,
            "engine": self.engine,
            "method": self.method,
            "max_bond": self.max_bond,
            "truncation": self.truncation,
            "max_terms": self.max_terms,
            "min_coefficient": self.min_coefficient,
            "owner": self.owner,
            "priority": self.priority,
        }


def accept_submit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `options` of a command by one parameter for each field.

    typer reads the options of a command from its signature.
    """
    names = [field.name for field in fields(SubmitOptions)]

    @wraps(command)
    def run(**values: Any) -> None:
        options = SubmitOptions(**{name: values.pop(name) for name in names})
        command(options=options, **values)

    inner = inspect.signature(command).parameters.values()
    options = inspect.signature(SubmitOptions).parameters.values()
    head = [each for each in inner if each.default is each.empty and each.name != "options"]
    tail = [each for each in inner if each.default is not each.empty]
    run.__signature__ = inspect.Signature([*head, *options, *tail])  # type: ignore[attr-defined]
    annotated = {**command.__annotations__, **SubmitOptions.__annotations__}
    run.__annotations__ = {name: kind for name, kind in annotated.items() if name != "options"}
    return run
