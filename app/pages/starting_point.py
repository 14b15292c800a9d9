"""Where a training starts brings settings of its own: which encoder, and how much of it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject

from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.models.simclr.settings import PRESETS, SCRATCH_PRESET, STARTER_BASE_MODEL, TrainSettings
from prismh_engine.settings import resolve

from ..session import Session
from ..widgets.settings_panel import SettingsPanel
from ..widgets.start_weights import IMAGENET, NOTHING, STARTER

_RESNET = "resnet18"
_LAST_STAGE = {"resnet18": 6, "resnet50": 13}
"""How many first blocks a preset keeps as they are, so that the last stage learns."""
_LONGEST_NAME = 20


def brought_by(weights: str, base_model: str | None, encoder_of_file: str | None) -> dict[str, Any]:
    """What follows from the weights to start from, as settings.

    base_model: the one a person typed, None where nobody did. encoder_of_file: what a file of weights holds, None while
    that is not known.
    """
    if weights == STARTER:
        return {}
    if weights == NOTHING:
        scratch = resolve(TrainSettings, {"preset": SCRATCH_PRESET}, environment={}).settings
        decided = {name for preset in PRESETS.values() for name in preset} - {"weights"}
        return {name: getattr(scratch, name) for name in sorted(decided)}
    name = _RESNET if weights == IMAGENET else encoder_of_file
    name = base_model or name or STARTER_BASE_MODEL
    brought: dict[str, Any] = {} if base_model or name == STARTER_BASE_MODEL else {"base_model": name}
    return brought | ({"freeze_blocks": _LAST_STAGE[name]} if name in _LAST_STAGE else {})


class StartingPoint(QObject):
    """Follows the choice in the Advanced settings; a file is looked into beside everything else."""

    def __init__(self, session: Session, panel: SettingsPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._encoders: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._looking_into = ""
        panel.changed.connect(self._follow)
        session.project_closing.connect(self._forget)

    def _follow(self) -> None:
        typed = self._panel.typed()
        weights = str(typed.get("weights", STARTER))
        is_file = weights not in (STARTER, IMAGENET, NOTHING)
        known = weights in self._encoders or weights in self._faults
        if is_file and not known and not self._looking_into and self._session.project is not None:
            self._looking_into = weights
            running = self._session.run_beside(_look_into(Path(weights)), StopToken())
            running.finished.connect(self._looked)
            running.failed.connect(self._failed)
            running.stopped.connect(self._forget)
        self._panel.object_to(self._objection(weights, known) if is_file else "")
        self._panel.bring(brought_by(weights, typed.get("base_model"), self._encoders.get(weights)))

    def _objection(self, weights: str, known: bool) -> str:
        if not known:
            return self.tr("{file} is being looked into.").format(file=Path(weights).name)
        return self._faults.get(weights, "")

    def _looked(self, encoder: str) -> None:
        if self._looking_into:
            self._encoders[self._looking_into] = encoder
            self._forget()
            self._follow()

    def _failed(self, sentence: str) -> None:
        if self._looking_into:
            self._faults[self._looking_into] = sentence
            self._forget()
            self._follow()

    def _forget(self) -> None:
        self._looking_into = ""


def _look_into(path: Path) -> Job[str]:
    """The name of the encoder whose weights a file holds."""
    yield Progress("Looking at the weights", 0, None)
    from prismh_engine.models import encoders

    return encoders.from_file(path)[0]


def start_words(settings: TrainSettings) -> str:
    """Where a training by these settings starts, in a few words."""
    weights = settings.start_weights
    if weights == STARTER:
        return _tr("From the starter")
    if weights == NOTHING:
        return _tr("{encoder} from nothing").format(encoder=settings.base_model)
    of = _tr("ImageNet") if weights == IMAGENET else _shortened(Path(weights).name)
    return _tr("{encoder} from {weights}").format(encoder=settings.base_model, weights=of)


def _shortened(name: str) -> str:
    """What has room on a line of a card."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _tr(text: str) -> str:
    return QCoreApplication.translate("starting_point", text)
