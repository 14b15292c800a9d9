"""Learn: three plain choices, the loss as it falls, and what learning changed in the end. Never imports torch."""

from __future__ import annotations

import dataclasses
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress
from prismh_engine.models.simclr.settings import PRESETS, TrainSettings, settle
from prismh_engine.project import Run
from prismh_engine.settings import Resolved, read_config, resolve

from .. import theme, words
from ..session import LEARNING, READING, Session
from ..widgets import health
from ..widgets.card import Card, Facts, Note, label, set_role
from ..widgets.learn_choice import LearnChoice
from ..widgets.loss_history import LossHistory, judge, read_metrics
from ..widgets.loss_plot import LossCurve
from ..widgets.settings_panel import SettingsPanel
from .learn_times import LearnTimes
from .learning_facts import facts_of
from .page import Page

_MS_BETWEEN_DRAWINGS = 100
_SIDE_WIDTH = 286
_FEWEST_PHOTOS = 2
_NOT_OFFERED = (  # decided by the page itself; `pretrained` says in another way what `weights` says
    "data_dir", "output_dir", "project", "cache_dir", "preset", "resume_from", "allow_changed_photos", "pretrained",
)  # fmt: skip
_FIRST_CHOICE = "quick"


class TrainingPage(Page):
    """The page. What a training says is kept as it comes and drawn ten times a second."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            QCoreApplication.translate("TrainingPage", "Learn"),
            QCoreApplication.translate(
                "TrainingPage",
                "May sharpen the map for your photos: you will see whether it did, and nothing is replaced until you "
                "say so. You can pause at any time; nothing is lost.",
            ),
        )
        self.setObjectName("training_page")
        self._run: Run | None = None
        self._has_map = False
        self._run_is_new = False
        self._progress: Progress | None = None
        self._unfinished: Run | None = None
        self._start_wanted = False
        self._keyboard_waits = False
        self._times = LearnTimes(session, self)
        self._times.changed.connect(self._show_times)
        self._times.ended.connect(self._measuring_ended)
        self._timer = QTimer(self)
        self._timer.setInterval(_MS_BETWEEN_DRAWINGS)
        self._timer.timeout.connect(self._draw)

        self._make_actions()
        self.body.addLayout(self._make_choices())
        below = QHBoxLayout()
        below.setSpacing(theme.CARD_GAP)
        below.addWidget(self._make_plot(), 1)
        below.addWidget(self._make_side())
        self.body.addLayout(below, 1)

        session.project_closing.connect(self._forget)
        session.project_changed.connect(self._project_changed)
        session.learning_progressed.connect(self._progressed)
        session.learning_finished.connect(self._reread)
        session.map_changed.connect(self._reread)
        session.job_changed.connect(self._job_changed)
        session.summary_changed.connect(self._counted)
        self._project_changed()

    def shown(self) -> None:
        self._reread()
        self._counted()

    def loaded(self) -> bool:
        return not self._times.measuring

    # Making it

    def _make_actions(self) -> None:
        self._stop = self.add_action(self.tr("Stop and keep"), "stop_button")
        self._start = self.add_action(self.tr("Start"), "start_button", main=True)
        self._see_map = self.add_action(self.tr("See the learned map"), "see_learned_map_button")
        self._pause = self.add_action(self.tr("Pause"), "pause_button", main=True)
        self._resume = self.add_action(self.tr("Resume"), "resume_button", main=True)
        self._stop.clicked.connect(self.session.stop)
        self._start.clicked.connect(self._start_pressed)
        self._see_map.clicked.connect(self._to_the_map)
        self._pause.clicked.connect(self.session.pause)
        self._resume.clicked.connect(self._resume_pressed)

    def _make_choices(self) -> QHBoxLayout:
        self._choices = {
            "quick": LearnChoice("choice_quick", self.tr("Quick"), self.tr("A light touch")),
            "standard": LearnChoice("choice_standard", self.tr("Standard"), self.tr("For a season of photos")),
            "thorough": LearnChoice("choice_thorough", self.tr("Thorough"), self.tr("Over lunch or overnight")),
        }
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(theme.CARD_GAP)
        for choice in self._choices.values():
            self._group.addButton(choice)
            row.addWidget(choice, 3)
        self._choices[_FIRST_CHOICE].setChecked(True)
        self._group.buttonClicked.connect(self._choice_changed)
        self._advanced = LearnChoice("choice_advanced", self.tr("Advanced"), "")
        self._advanced.toggled.connect(self._show_advanced)
        row.addWidget(self._advanced, 2)
        return row

    def _make_plot(self) -> QWidget:
        self._curve = LossCurve()
        self._history = LossHistory()
        self._settings = SettingsPanel(TrainSettings, _NOT_OFFERED, settle)
        self._settings.changed.connect(self._show_times)
        self._lower = QStackedWidget()
        self._lower.addWidget(self._curve)
        self._lower.addWidget(self._settings)
        card = Card("loss_card")
        card.body.addWidget(self._lower)
        return card

    def _make_side(self) -> QWidget:
        self._health = Note("health_note")
        self._facts = Facts()
        self._facts_card = Card("facts_card")
        self._facts_card.body.addWidget(self._facts)
        self._about_card = Card("about_learning_card")
        self._about_title = label("", "heading")
        self._about = label("", "quiet")
        self._about.setObjectName("about_learning")
        self._about.setWordWrap(True)
        self._about_card.body.addWidget(self._about_title)
        self._about_card.body.addWidget(self._about)
        side = QWidget()
        side.setFixedWidth(_SIDE_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.CARD_GAP)
        for part in (self._health, self._facts_card, self._about_card):
            column.addWidget(part)
        column.addStretch(1)
        return side

    # What is known

    def _forget(self) -> None:
        self._start_wanted = False
        self._times.forget()

    def _project_changed(self) -> None:
        self._times.forget()
        self._progress = None
        self._advanced.setChecked(False)
        project = self.session.project
        self._settings.set_fixed(self._fixed())
        self._settings.reset()
        self._run = project.runs.newest() if project is not None else None
        self._show_past_curve()
        self._reread()

    def _reread(self) -> None:
        """Look up the newest run, and whether there is a map of what it learned."""
        project = self.session.project
        self._run, self._has_map = None, False
        self._unfinished = self.session.unfinished_run()
        if project is not None:
            self._run = project.runs.newest()
            features = project.features.find(self._run.name) if self._run is not None else None
            self._has_map = features is not None and project.maps.newest(features) is not None
        self._show_state()

    def _show_past_curve(self) -> None:
        self._history, epochs = LossHistory(), 0
        if self._run is not None:
            self._history = read_metrics(self._run.folder / "metrics.csv")
            epochs = _epochs_of(self._run)
        self._curve.show_history(self._history, epochs)

    def _counted(self) -> None:
        """The photos were counted, after everything that was running: time the choices for so many."""
        if self.isVisible() and self._used >= _FEWEST_PHOTOS:
            self._times.measure(self._used)
        self._show_state()

    @property
    def _used(self) -> int:
        return self.session.summary.photos - self.session.summary.set_aside - self.session.summary.missing

    # Learning

    def _job_changed(self) -> None:
        learning = self.session.running_kind == LEARNING
        if learning and not self._timer.isActive():
            self._times.stop()
            self._progress = None
            self._timer.start()
        elif not learning and self._timer.isActive():
            self._timer.stop()
            self._draw()
        self._show_state()

    def _progressed(self, progress: Progress) -> None:
        before = self._progress.metrics if self._progress is not None else {}
        # A pause measures nothing: the last numbers stay on screen.
        self._progress = dataclasses.replace(progress, metrics={**before, **progress.metrics})
        metrics = progress.metrics
        loss, epochs = metrics.get("loss"), metrics.get("epochs")
        if loss is None or not epochs or not progress.total:
            return
        if self._run_is_new:
            self._run_is_new = False
            self._history = LossHistory()
        epoch = progress.done * epochs / progress.total
        self._history.add(epoch, float(loss))
        if metrics.get("val_loss") is not None:
            self._history.add_held_out(round(epoch), float(metrics["val_loss"]))

    def _draw(self) -> None:
        """Bring curve, numbers and sentence up to date; called by the timer alone, so that steps cost nothing here."""
        progress = self._progress
        if progress is None or not self.isVisible():
            return
        metrics = progress.metrics
        if metrics.get("epochs"):
            self._curve.show_history(self._history, int(metrics["epochs"]))
        self._facts.show_facts(facts_of(metrics))
        self._show_health()

    def _start_pressed(self) -> None:
        if self._settings.complaint():
            self._advanced.setChecked(True)  # where the reason stands beside the values
            return
        resolved = self._resolved()
        if resolved is None:
            return
        if self._times.measuring:  # its step would take the processor from the first ones of the learning
            self._start_wanted = True
            self._times.stop()
            self._show_state()
            return
        self._advanced.setChecked(False)
        self._run_is_new = True
        self.session.start_learning(resolved)

    def _resume_pressed(self) -> None:
        if self.session.running_kind == LEARNING:
            self.session.resume()
            return
        self._run_is_new = False
        self._times.stop()
        self.session.resume_learning()

    def _to_the_map(self) -> None:
        if self._run is not None:
            self.go_to.emit("explore")
            self.session.map_wanted.emit(self._run.name)

    # Choices and their times

    def _choice(self) -> str:
        return next(name for name, choice in self._choices.items() if choice.isChecked())

    def _fixed(self) -> dict[str, Any]:
        project = self.session.project
        return {"preset": self._choice(), **({} if project is None else {"project": str(project.folder)})}

    def _resolved(self) -> Resolved[TrainSettings] | None:
        try:
            resolved = resolve(TrainSettings, {**self._fixed(), **self._settings.given()}, environment={})
            settle(resolved)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return None
        return resolved

    def _choice_changed(self) -> None:
        self._settings.set_fixed(self._fixed())
        self._show_times()

    def _show_advanced(self, shown: bool) -> None:
        self._lower.setCurrentIndex(1 if shown else 0)

    def _show_times(self) -> None:
        given = self._settings.given()
        for name, choice in self._choices.items():
            seconds = self._times.seconds(name)
            if choice.isChecked() and given:
                other_length = set(given) == {"epochs"} and not self._settings.complaint() and seconds is not None
                seconds = seconds * float(given["epochs"]) / PRESETS[name]["epochs"] if other_length else None
            if seconds is not None:
                choice.say(self.tr("about {time} on this computer").format(time=words.duration(seconds)))
            elif choice.isChecked() and given:
                choice.say(self.tr("with your changes: time shown as it learns"))
            elif self._times.measuring:
                choice.say(self.tr("measuring this computer …"))
            else:
                choice.say("")
        try:
            settings = resolve(TrainSettings, {**self._fixed(), **given}, environment={}).settings
        except PrismhError:
            self._advanced.say("", self.tr("a value cannot be used"))
            return
        start = self.tr("From the starter") if settings.start_weights == "starter" else settings.base_model
        changed = self.tr("\n{count} changed").format(count=len(given)) if given else ""
        self._advanced.say(
            "", f"{start} · {settings.image_size} px · batch {settings.batch_size} · "
            f"temperature {settings.temperature:g}{changed}",
        )  # fmt: skip

    def _measuring_ended(self) -> None:
        self._show_state()
        if self._start_wanted:
            self._start_wanted = False
            self._start_pressed()

    # Which buttons and cards there are now

    def _show_state(self) -> None:
        kind, unfinished = self.session.running_kind, self._unfinished
        learning, paused = kind == LEARNING, kind == LEARNING and self.session.paused
        enough = self._used >= _FEWEST_PHOTOS
        actions = (self._pause, self._resume, self._start, self._see_map, self._stop)
        focused = self._keyboard_waits or any(button.hasFocus() for button in actions)
        self._stop.setVisible(learning)
        self._pause.setVisible(learning and not paused)
        self._resume.setVisible(paused or (kind is None and unfinished is not None))
        self._start.setVisible(not learning)
        self._see_map.setVisible(not learning and self._has_map)
        self._start.setEnabled(kind is None and enough and not self._start_wanted)
        first = self._run is None
        self._start.setText(
            self.tr("Starting …") if self._start_wanted else self.tr("Start") if first else self.tr("Start anew")
        )
        self._start.setAccessibleName(self._start.text())
        _be_main(self._start, not learning and unfinished is None and not self._has_map)
        _be_main(self._see_map, self._has_map and unfinished is None)
        if focused and not any(button.hasFocus() for button in actions):
            # The pressed button is gone: the keyboard goes on with the one in its place, not somewhere else.
            heir = next((button for button in actions if not button.isHidden() and button.isEnabled()), None)
            self._keyboard_waits = heir is None
            if heir is not None:
                heir.setFocus()
        for choice in (*self._choices.values(), self._advanced):
            choice.setEnabled(not learning)
        self._show_times()
        self._show_health()
        self._show_about()

    def _show_health(self) -> None:
        kind, unfinished = self.session.running_kind, self._unfinished
        text, role = "", health.NOTE
        if kind == LEARNING and self.session.paused:
            text = self.tr("Paused. All is saved: you can also close the program and go on another day.")
        elif kind == LEARNING and not len(self._history):
            text = self.tr("Getting ready: photos are packed and the first steps are taken.")
        elif kind == LEARNING:
            text, role = health.sentence(judge(self._history))
        elif unfinished is not None:
            epochs, done = _epochs_of(unfinished), len(self._history.per_epoch())
            text = self.tr(
                "This learning was stopped after {done} of {epochs} epochs. Resume goes on from there."
            ).format(done=done, epochs=epochs)
        elif kind == READING:
            text = self.tr("Photos are being looked at. Learning can start when that is done.")
        elif self.session.project is not None and self._used < _FEWEST_PHOTOS:
            text = self.tr("Learning needs two photos at least. Add a folder on the Photos page.")
        if self._health.text() != text:
            self._health.say(text, role)
        self._health.setVisible(bool(text))
        self._facts_card.setVisible(kind == LEARNING and self._progress is not None)

    def _show_about(self) -> None:
        summary = self._run.summary if self._run is not None else ""
        if summary and self.session.running_kind != LEARNING:
            self._about_title.setText(self.tr("What learning changed"))
            self._about.setText(summary)
        else:
            self._about_title.setText(self.tr("What learning does"))
            self._about.setText(
                self.tr(
                    "It looks at each photo twice, cropped and tinted by chance, and learns which two belong together. "
                    "No names are needed. The photos stay on this computer, and the instant map stays as it is."
                )
            )


def _epochs_of(run: Run) -> int:
    """How many epochs a run is to have, from its settings file; 0 where that cannot be read."""
    try:
        return int(read_config(run.folder / "settings.json", TrainSettings.step)["epochs"])
    except (PrismhError, KeyError, ValueError, TypeError):
        return 0


def _be_main(button: QPushButton, main: bool) -> None:
    role = "main" if main else ""
    if button.property("role") != role:
        set_role(button, role)
