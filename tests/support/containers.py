"""The container engine of this machine, if there is one."""

import shutil
import subprocess
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def engine_answers() -> bool:
    try:
        docker("info")
    except (OSError, subprocess.CalledProcessError):
        return False
    return compose_command() != []


def compose_command() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else []


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready").status_code == 200
    except httpx.TransportError:
        return False
