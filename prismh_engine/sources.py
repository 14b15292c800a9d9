"""Where a step's embeddings come from: a file that is named, or a project."""

from __future__ import annotations

from typing import Any

from .command import required
from .errors import BadValueError
from .settings import Resolved


def check_source(resolved: Resolved[Any], *names: str) -> None:
    """Raise `BadValueError` unless there is either `--project`, or `--embeddings` and the flags `names`.

    With a project those flags are a choice: its results are kept in it, and written to a folder as well where asked.
    """
    settings = resolved.settings
    if settings.project is None:
        required(resolved, *names)
        if not settings.embeddings:
            raise BadValueError(f"--embeddings (or --project) is needed: see prismh-engine {settings.step} --help")
    elif settings.embeddings:
        raise BadValueError(f"--embeddings {settings.embeddings} and --project {settings.project} exclude each other")
