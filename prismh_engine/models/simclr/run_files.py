"""Where the files of a run lie, and which run of a project goes on; free of torch."""

from __future__ import annotations

from pathlib import Path

from ...project import Project, Run
from ...project.runs import FAILED, FINISHED
from .settings import TAUGHT_FILE


class RunFiles:
    """The files of a run by what they hold; any of them may not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "settings.json"
        self.about = folder / "run.json"
        self.checkpoints = folder / "checkpoints"
        self.last = self.checkpoints / "last.pt"
        self.best = self.checkpoints / "best_model.pt"
        self.encoder = folder / "encoder.safetensors"
        self.metrics = folder / "metrics.csv"
        self.performance = folder / "performance.csv"
        self.labels = folder / TAUGHT_FILE
        self.tensorboard = folder / "tensorboard"

    @property
    def holds_a_run(self) -> bool:
        """Whether something of a run is here that a new one would spoil: settings alone may be a person's own."""
        return self.about.exists() or any(self.checkpoints.glob("*.pt"))

    @property
    def begun(self) -> bool:
        """Whether a training of a project began here, however soon it was killed."""
        return self.settings.exists() or self.holds_a_run


def run_to_resume(project: Project) -> Run | None:
    """The run that `resume_from="auto"` goes on with, None where there is none at all.

    It is the newest that began and has not come to its end. One that failed stands back: it diverged, or could save
    nothing; so does one that failed before it began. Where all are finished it is the newest of those.
    """
    newest_first = project.runs.all()[::-1]
    unfinished = [run for run in newest_first if run.state != FINISHED]
    begun = [run for run in unfinished if RunFiles(run.folder).begun]
    goes_on = [run for run in begun if run.state != FAILED]
    return next(iter([*goes_on, *begun, *unfinished, *newest_first]), None)
