"""The secret that the API shows to the worker: a setting, or a file that both can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from quantumtask.shared.settings import Settings

SECRET_HEADER = "X-Worker-Secret"


def load_worker_secret(settings: Settings) -> str:
    """Return the secret of the API and the worker.

    Without the setting, the first process that needs the secret makes a file in the data folder,
    which only its user may read.
    """
    return settings.worker_secret or _read_or_make(settings.data_dir / "worker-secret")


def _read_or_make(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}-{secrets.token_hex(8)}")
    if not file.exists():
        draft.touch(0o600, exist_ok=False)
        draft.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another process was faster: its secret counts
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()
