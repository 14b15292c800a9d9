"""How a training begins: afresh, or from which checkpoint, with which settings, and into which folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...command import required
from ...errors import BadValueError, PrismhError
from ...project import Project, Run
from ...settings import Resolved, read_config, resolve
from . import checkpoint as checkpoints
from . import precision as precisions
from .run_files import run_to_resume
from .run_folder import RunFolder
from .settings import AUTO, TrainSettings, anchored, settle
from .worth_probe import badness_of

# What a resume may change: where things lie, how often to save, on what to compute; none changes what is learned, but
# for `epochs`, which may only grow.
FREE = frozenset({
    "epochs", "data_dir", "project", "output_dir", "cache_dir", "device", "checkpoint_every", "keep_checkpoints",
    "checkpoint_minutes", "num_workers", "resume_from", "allow_changed_photos",
})  # fmt: skip


@dataclass(frozen=True)
class Start:
    """Where a training begins.

    resolved: the settings it runs with. folder: of the run; None: a new one of the project. run: of the project, where
    it has one already. state: of the checkpoint it goes on from, None afresh. notes: sentences for the person.
    checkpoint: the file of the state.
    goes_back: the checkpoint is one of the folder's own that a person chose, so that later ones may lie beside it.
    """

    resolved: Resolved[TrainSettings]
    folder: RunFolder | None
    run: Run | None
    state: dict[str, Any] | None
    notes: list[str]
    goes_back: bool = False
    checkpoint: Path = Path()

    @property
    def finished_before(self) -> bool:
        """Whether the run was at its end and has not been made longer."""
        state = self.state
        return (
            state is not None
            and bool(state["finished"])
            and self.resolved.settings.epochs <= int(state["settings"]["epochs"])
        )

    @property
    def is_complete(self) -> bool:
        """Whether the folder has all files of the finished run."""
        return self.folder is not None and self.state is not None and self.folder.is_complete(badness_of(self.state))

    def run_of(self, project: Project | None) -> Run | None:
        """The run of the project that is to go on, also where the checkpoint alone names the project."""
        if self.run is not None or project is None or self.folder is None:
            return self.run
        return _run_at(project, self.folder.folder)


def choose_start(resolved: Resolved[TrainSettings], project: Project | None) -> Start:
    """Decide where to begin.

    Raises `BadValueError` for settings that contradict each other or the checkpoint, `PrismhError` for a folder that
    holds another run or a checkpoint that cannot be used.
    """
    settings = resolved.settings
    for name in ("data_dir", "output_dir"):
        if project is not None and resolved.given(name):
            raise BadValueError(f"--project takes the place of --{name}: leave one of the two out.")
    if settings.resume_from is None:
        return _afresh(resolved, project)
    if settings.resume_from == AUTO:
        return _newest(resolved, project)
    return _from_file(resolved, project, Path(settings.resume_from))


def _afresh(resolved: Resolved[TrainSettings], project: Project | None) -> Start:
    resolved = settle(resolved)
    if project is not None:
        return Start(resolved, None, None, None, [])
    required(resolved, "data_dir", "output_dir")
    folder = RunFolder(Path(resolved.settings.output_dir or ""))
    if folder.holds_a_run:
        raise PrismhError(
            f"{folder.folder} holds a training already: go on with it by --resume_from auto, or choose another "
            "--output_dir."
        )
    return Start(resolved, folder, None, None, [])


def _newest(resolved: Resolved[TrainSettings], project: Project | None) -> Start:
    run = None
    if project is not None:
        run = run_to_resume(project)
        if run is None:
            return _afresh(resolved, project)
        folder = RunFolder(run.folder)
    else:
        required(resolved, "output_dir")
        folder = RunFolder(Path(resolved.settings.output_dir or ""))
    found, damaged = checkpoints.newest_good(folder.checkpoints)
    if folder.best.exists() and folder.best not in damaged and folder.best_epoch() is None:
        damaged = sorted([*damaged, folder.best])
    notes = [_damage(damaged, folder)] if damaged else []
    if found is None:
        resolved = _begun(resolved, folder)
        if project is None and resolved.settings.project is None:
            required(resolved, "data_dir")
        return Start(settle(resolved), folder, run, None, notes)
    path, state = found
    continued = _continued(resolved, state, path)
    if damaged:
        notes.append(f"The run is taken up from {path.name}, saved {_when_saved(state)}.")
    return Start(continued, folder, run, state, notes, checkpoint=path)


def _from_file(resolved: Resolved[TrainSettings], project: Project | None, path: Path) -> Start:
    state = checkpoints.read(path)
    own = path.parent.parent if path.parent.name == "checkpoints" else None
    merged = _continued(resolved, state, path)
    run, goes_back = None, False
    folder: RunFolder | None
    if project is not None:
        run = None if own is None else _run_at(project, own)
        folder = None if run is None else RunFolder(run.folder)
    elif resolved.settings.output_dir is not None:
        folder = RunFolder(resolved.settings.output_dir)
    elif own is not None:
        folder = RunFolder(own)
    else:
        raise BadValueError(f"--output_dir is needed: {path} does not lie in the checkpoints folder of a run.")
    if folder is not None and own is not None and folder.folder.resolve() == own.resolve():
        goes_back = True
    elif folder is not None and folder.holds_a_run:
        raise PrismhError(
            f"{folder.folder} holds another training: go on with that one by --resume_from auto, or choose a new "
            f"--output_dir for the one that goes on from {path}."
        )
    return Start(merged, folder, run, state, [], goes_back, path)


def _run_at(project: Project, folder: Path) -> Run | None:
    return next((run for run in project.runs.all() if run.folder.resolve() == folder.resolve()), None)


def _begun(resolved: Resolved[TrainSettings], folder: RunFolder) -> Resolved[TrainSettings]:
    """The settings of a run that ended before its first checkpoint, where nothing is given that would change them."""
    given = {name: getattr(resolved.settings, name) for name in resolved.origins if resolved.given(name)}
    if not folder.settings.exists() or not FREE.issuperset(given):
        return resolved
    begun = resolve(TrainSettings, given, read_config(folder.settings, TrainSettings.step), environment={})
    return Resolved(begun.settings, {**begun.origins, **{name: resolved.origins[name] for name in given}})


def _continued(resolved: Resolved[TrainSettings], state: Mapping[str, Any], path: Path) -> Resolved[TrainSettings]:
    """The checkpoint's settings with what a resume may change."""
    if "settings" not in state or "photos" not in state:
        raise PrismhError(
            f"{path} was written by train_simclr and not by this command: give it as --weights to start from its "
            "encoder."
        )
    resolved, kept = anchored(resolved), state["settings"]
    # Without its preset, which would bring a run of an earlier version what presets have come to set since.
    told = {name: value for name, value in kept.items() if value is not None and name != "preset"}
    before = resolve(TrainSettings, told, environment={}).settings
    before = dataclasses.replace(before, preset=kept.get("preset"))
    changes: dict[str, Any] = {}
    for name in resolved.origins:
        value, earlier = getattr(resolved.settings, name), getattr(before, name)
        if name in ("resume_from", "allow_changed_photos"):
            changes[name] = value
        elif not resolved.given(name) or (name == "mixed_precision" and value == AUTO):
            continue
        elif name in FREE:
            changes[name] = value
        elif name in ("weights", "pretrained") and resolved.settings.start_weights == before.start_weights:
            continue
        elif value != earlier:
            raise BadValueError(
                f"The run of {path} has --{name} {_shown(earlier)}, but --{name} {_shown(value)} is given: leave it "
                "out to go on with the run, or start a new one."
            )
    if changes.get("epochs", before.epochs) < before.epochs:
        raise BadValueError(
            f"The run of {path} has --epochs {before.epochs}, but --epochs {changes['epochs']} is given: a run can "
            "only be made longer."
        )
    if "project" in changes:
        changes["data_dir"] = changes["output_dir"] = None
    elif "data_dir" in changes:
        changes["project"] = None
    origins = {**state["origins"], **{name: resolved.origins[name] for name in changes if resolved.given(name)}}
    return anchored(Resolved(dataclasses.replace(before, **changes), origins))


def with_precision(start: Start, device: torch.device) -> Start:
    """The start with the precision this machine computes in, in place of `auto`.

    A run keeps the precision it began with; on a machine that does not compute in it, it goes on in another, and says
    so. Raises `BadValueError` for a precision somebody asked for that this machine cannot have.
    """
    resolved = start.resolved
    wanted = resolved.settings.mixed_precision
    if start.state is None or resolved.given("mixed_precision"):
        chosen = precisions.choose(wanted, device)
    else:
        here = precisions.choose("auto", device)
        chosen = here if wanted != precisions.OFF and here != wanted else wanted
        if chosen != wanted:
            start.notes.append(
                f"The run computed in {wanted}, which this machine does not do as well: it goes on in "
                f"{'float32' if chosen == precisions.OFF else chosen}, and not to the last bit as it would have there."
            )
    settings = dataclasses.replace(resolved.settings, mixed_precision=chosen)
    return dataclasses.replace(start, resolved=Resolved(settings, resolved.origins))


def _damage(damaged: Sequence[Path], folder: RunFolder) -> str:
    *others, last = (path.name for path in damaged)
    names, are = (f"{', '.join(others)} and {last}", "are") if others else (last, "is")
    return f"{names} in {folder.checkpoints} {are} damaged or cannot be read."


def _when_saved(state: Mapping[str, Any]) -> str:
    if not state["step"]:
        return "before the first step"
    epoch = f"in epoch {state['epoch'] + 1}" if state["batch"] else f"after epoch {state['epoch']}"
    return f"at step {state['step']:,}, {epoch} of {state['settings']['epochs']}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value is None else str(value)
