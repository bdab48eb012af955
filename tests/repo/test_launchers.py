"""The launchers of the tests have imported what the processes that they fork import."""

import ast
from pathlib import Path

from tests.support.launcher_process import MODULES

SERVE = Path(__file__).parents[2] / "src/quantumtask/cli/serve.py"


def test_a_launcher_has_the_modules_that_a_service_imports_when_it_starts() -> None:
    """Otherwise each of hundreds of services would import them again."""
    functions = [
        each for each in ast.parse(SERVE.read_text()).body if isinstance(each, ast.FunctionDef)
    ]
    imports = {
        function.name.removeprefix("_"): {
            node.module for node in ast.walk(function) if isinstance(node, ast.ImportFrom)
        }
        for function in functions
    }
    assert len(imports["api"]) >= 2
    for service in ("api", "worker"):
        assert imports[service] - {*MODULES[service]} == set(), service
