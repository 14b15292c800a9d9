"""Learn: a few plain choices, the loss as it falls, and what learning changed in the end. Never imports torch."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress
from prismh_engine.models.simclr.run_files import RunFiles
from prismh_engine.models.simclr.run_settings import settings_of
from prismh_engine.models.simclr.settings import LABELS_OF_PROJECT, NAMES_PRESET, TrainSettings, settle
from prismh_engine.project import Run
from prismh_engine.project.feature_sets import STARTER
from prismh_engine.settings import Resolved, resolve

from .. import newest_run, theme
from ..session import LEARNING, Session
from ..widgets import health
from ..widgets.buttons import be_main
from ..widgets.card import Card
from ..widgets.learning_plots import LearningPlots
from ..widgets.settings_panel import SettingsPanel
from ..widgets.start_weights import StartWeights
from ..widgets.training_history import TrainingHistory, judge, read_metrics
from .learn_choices import LearnChoices
from .learn_idle import FEWEST_PHOTOS, idle_sentence
from .learn_side import LearnSide
from .learn_times import LearnTimes
from .page import Page
from .run_epochs import epochs_of
from .starting_point import StartingPoint

_MS_BETWEEN_DRAWINGS = 100
_MS_BETWEEN_LOOKS_ELSEWHERE = 3000
_NOT_OFFERED = (  # decided by the page itself; `pretrained` says in another way what `weights` says
    "data_dir", "output_dir", "project", "cache_dir", "preset", "resume_from", "allow_changed_photos", "pretrained",
)  # fmt: skip


class TrainingPage(Page):
    """The page. What a training says is kept as it comes and drawn ten times a second."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            QCoreApplication.translate("TrainingPage", "Learn"),
            QCoreApplication.translate(
                "TrainingPage",
                "May sharpen the map: mostly with your names, without them where photos look unlike everyday ones. "
                "Nothing is replaced until you say so, and you can pause at any time.",
            ),
        )
        self.setObjectName("training_page")
        self._run: Run | None = None
        self._has_map = False
        self._run_is_new = False
        self._drawn: Path | None = None
        self._progress: Progress | None = None
        self._has_news = False
        self._resumed: TrainSettings | None = None
        self._unfinished: Run | None = None
        self._elsewhere: Run | None = None
        self._failed: Run | None = None
        self._start_wanted = False
        self._keyboard_waits = False
        self._times = LearnTimes(session, self)
        self._times.changed.connect(self._show_times)
        self._times.ended.connect(self._measuring_ended)
        self._timer = QTimer(self)
        self._timer.setInterval(_MS_BETWEEN_DRAWINGS)
        self._timer.timeout.connect(self._draw)
        self._looks_elsewhere = QTimer(self)
        self._looks_elsewhere.setInterval(_MS_BETWEEN_LOOKS_ELSEWHERE)
        self._looks_elsewhere.timeout.connect(self._look_elsewhere)

        self._make_actions()
        self._choices = LearnChoices()
        self._choices.chosen.connect(self._choice_changed)
        self._choices.advanced_toggled.connect(self._show_advanced)
        self._side = LearnSide()
        self._choices.names_missing.connect(self._side.names_missing.show)
        self._choices.chosen.connect(self._side.names_missing.hide)
        self._side.names_missing.explore_wanted.connect(partial(self.go_to.emit, "explore"))
        self.body.addWidget(self._choices)
        below = QHBoxLayout()
        below.setSpacing(theme.CARD_GAP)
        below.addWidget(self._make_plot(), 1)
        below.addWidget(self._side)
        self.body.addLayout(below, 1)

        session.project_closing.connect(self._forget)
        session.project_changed.connect(self._project_changed)
        session.learning_progressed.connect(self._progressed)
        session.learning_noted.connect(self._show_state)
        session.learning_with_names_wanted.connect(self._choose_names)
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
        self._go_on = self.add_action(self.tr("Back to the map"), "back_to_map_button")
        self._pause = self.add_action(self.tr("Pause"), "pause_button", main=True)
        self._resume = self.add_action(self.tr("Resume"), "resume_button", main=True)
        self._stop.clicked.connect(self.session.stop)
        self._start.clicked.connect(self._start_pressed)
        self._see_map.clicked.connect(self._to_the_map)
        self._go_on.clicked.connect(partial(self.go_to.emit, "explore"))
        self._pause.clicked.connect(self.session.pause)
        self._resume.clicked.connect(self._resume_pressed)

    def _make_plot(self) -> QWidget:
        self._plots = LearningPlots()
        self._history = TrainingHistory()
        self._settings = SettingsPanel(TrainSettings, _NOT_OFFERED, settle, {"weights": StartWeights})
        self._starting_point = StartingPoint(self.session, self._settings)
        self._settings.changed.connect(self._show_times)
        self._lower = QStackedWidget()
        self._lower.addWidget(self._plots)
        self._lower.addWidget(self._settings)
        card = Card("loss_card")
        card.body.addWidget(self._lower)
        return card

    # What is known

    def _forget(self) -> None:
        self._start_wanted = False
        self._times.forget()

    def _project_changed(self) -> None:
        self._times.forget()
        self._progress = None
        self._choices.open_advanced(False)
        self._side.names_missing.hide()
        self._settings.set_fixed(self._fixed())
        self._settings.reset()
        self._reread()

    def _reread(self) -> None:
        """Look up the newest run, who is at it, and whether there is a map of what it learned."""
        project = self.session.project
        self._unfinished, self._elsewhere = self.session.unfinished_run(), self.session.run_elsewhere()
        self._run = None if project is None else newest_run.newest(project)
        self._failed = None if project is None else newest_run.failed(project)
        self._has_map = project is not None and self._run is not None and newest_run.has_map(project, self._run)
        if self.session.running_kind != LEARNING:
            self._show_past_curve()
        (self._looks_elsewhere.start if self._elsewhere is not None else self._looks_elsewhere.stop)()
        self._show_state()

    def _show_past_curve(self) -> None:
        """What the run's files say, which another program may have written; steps that were seen here are kept."""
        folder = self._run.folder if self._run is not None else None
        read = read_metrics(RunFiles(folder).metrics) if folder is not None else TrainingHistory()
        if folder != self._drawn or len(read.per_epoch()) != len(self._history.per_epoch()):
            self._history, self._drawn = read, folder
        self._plots.show_history(self._history, epochs_of(self._run) if self._run is not None else 0)

    def _look_elsewhere(self) -> None:
        """Follow a run that another program learns, by its files."""
        self._reread()
        if self._elsewhere is None:
            self.session.ended_elsewhere()

    def _counted(self) -> None:
        """The photos were counted, after everything that was running: time the choices for so many."""
        if self.isVisible() and self._used >= FEWEST_PHOTOS and self._elsewhere is None:
            self._times.measure(self._used)
        self._show_state()

    @property
    def _used(self) -> int:
        return self.session.summary.photos - self.session.summary.set_aside - self.session.summary.missing

    # Learning

    def _job_changed(self) -> None:
        learning = self.session.running_kind == LEARNING
        if learning and not self._timer.isActive():
            self._resumed = None if self._run_is_new or self._run is None else settings_of(self._run.folder)
            if self._resumed is not None and self._resumed.preset:
                self._choices.choose(self._resumed.preset)
                self._choice_changed()
            self._side.names_missing.hide()
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
        self._has_news = True
        self._progress = dataclasses.replace(progress, metrics={**before, **progress.metrics})
        metrics = progress.metrics
        loss, epochs = metrics.get("loss"), metrics.get("epochs")
        if loss is None or not epochs or not progress.total:
            return
        if self._run_is_new:
            self._run_is_new = False
            run = self.session.project.runs.newest() if self.session.project is not None else None
            self._drawn = None if run is None else run.folder
        self._history.add(progress.done * epochs / progress.total, metrics)

    def _draw(self) -> None:
        """Bring curve, numbers and sentence up to date; called by the timer alone, so that steps cost nothing here."""
        progress = self._progress
        if progress is None or not self._has_news or not self.isVisible():
            return
        self._has_news = False
        metrics = progress.metrics
        if metrics.get("epochs"):
            self._plots.show_history(self._history, int(metrics["epochs"]))
        self._show_side()

    def _start_pressed(self) -> None:
        if self._settings.complaint():
            self._choices.open_advanced(True)  # where the reason stands beside the values
            return
        resolved = self._resolved()
        if resolved is None:
            return
        if self._times.measuring:  # its step would take the processor from the first ones of the learning
            self._start_wanted = True
            self._times.stop()
            self._show_state()
            return
        self._choices.open_advanced(False)
        self._run_is_new = True
        self._history, self._drawn = TrainingHistory(), None
        self._plots.show_history(self._history, 0)
        self.session.start_learning(resolved)

    def _resume_pressed(self) -> None:
        if self.session.running_kind == LEARNING:
            self.session.resume()
            return
        self._run_is_new = False
        self._times.stop()
        self.session.resume_learning()
        if self.session.running_kind != LEARNING:
            self._reread()  # it is not there any more

    def _to_the_map(self) -> None:
        if self._run is not None:
            self.go_to.emit("explore")
            self.session.map_wanted.emit(self._run.name)

    # Choices and their times

    def _fixed(self) -> dict[str, Any]:
        preset, project = self._choices.choice(), self.session.project
        fixed = {"preset": preset, **({} if project is None else {"project": str(project.folder)})}
        return fixed | ({"labels": LABELS_OF_PROJECT} if preset == NAMES_PRESET else {})

    def _resolved(self) -> Resolved[TrainSettings] | None:
        try:
            resolved = resolve(TrainSettings, {**self._fixed(), **self._settings.given()}, environment={})
            settle(resolved)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return None
        return resolved

    def _choose_names(self) -> None:
        teachers = self.session.summary.teachers
        if self.session.running_kind != LEARNING and teachers is not None and teachers.enough:
            self._choices.open_advanced(False)
            self._choices.choose(NAMES_PRESET)
            self._choice_changed()

    def _choice_changed(self) -> None:
        self._settings.set_fixed(self._fixed())
        self._show_state()

    def _show_advanced(self, shown: bool) -> None:
        self._lower.setCurrentIndex(1 if shown else 0)

    def _show_times(self) -> None:
        resumed = self._resumed if self.session.running_kind == LEARNING else None
        self._choices.say(self._times, self._fixed(), self._settings.given(), self._settings.complaint(), resumed)
        self._show_side()  # what it does depends on the settings too

    def _measuring_ended(self) -> None:
        self._show_state()
        if self._start_wanted:
            self._start_wanted = False
            self._start_pressed()

    # Which buttons and cards there are now

    def _show_state(self) -> None:
        kind, unfinished = self.session.running_kind, self._unfinished
        learning, paused = kind == LEARNING, kind == LEARNING and self.session.paused
        enough = self._used >= FEWEST_PHOTOS
        actions = (self._pause, self._resume, self._start, self._go_on, self._see_map, self._stop)
        focused = self._keyboard_waits or any(button.hasFocus() for button in actions)
        self._stop.setVisible(learning)
        self._pause.setVisible(learning and not paused)
        self._resume.setVisible(paused or (kind is None and unfinished is not None))
        self._start.setVisible(not learning)
        self._see_map.setVisible(not learning and self._has_map)
        stays = self._has_map and self._run is not None and self._run.shown_first == STARTER
        self._go_on.setVisible(not learning and stays and unfinished is None)  # four have no room in large text
        idle = kind is None and self._elsewhere is None
        self._start.setEnabled(idle and enough and not self._start_wanted)
        teachers = self.session.summary.teachers
        if not learning:
            self._choices.offer_names(teachers)
        self._side.names_missing.know(teachers)
        self._say_start()
        starts, teaches = not learning and unfinished is None, self._teaches_anew()
        be_main(self._start, starts and (teaches or not self._has_map))
        be_main(self._see_map, starts and self._has_map and not stays and not teaches)
        be_main(self._go_on, starts and stays and not teaches)
        if focused and not any(button.hasFocus() for button in actions):
            # The pressed button is gone: the keyboard goes on with the one in its place, not somewhere else.
            heir = next((button for button in actions if not button.isHidden() and button.isEnabled()), None)
            self._keyboard_waits = heir is None
            if heir is not None:
                heir.setFocus()
        self._choices.allow(not learning)
        self._show_times()

    def _say_start(self) -> None:
        text = self.tr("Start") if self._run is None else self.tr("Start anew")
        if self._start_wanted:
            text = self.tr("Starting …")
        elif self._choices.choice() == NAMES_PRESET:
            text = self.tr("Learn again with my names")
        self._start.setText(text)
        self._start.setAccessibleName(text)

    def _show_side(self) -> None:
        learning = self.session.running_kind == LEARNING
        self._side.say_health(*self._health())
        metrics = self._progress.metrics if learning and self._progress is not None else {}
        self._side.show_facts(metrics if metrics.get("epochs") else None, self.session.saved_and_waiting)
        self._side.show_notes(self.session.notes)
        self._side.say_about(
            self._run.summary if self._run is not None and not learning else "",
            with_names=self._choices.choice() == NAMES_PRESET,
            anew=self._teaches_anew(),
            neighbours=self._choices.looks_at_neighbours,
        )

    def _teaches_anew(self) -> bool:
        """Whether a person is about to have it learn with names that no run has learned from."""
        teachers = self.session.summary.teachers
        is_new = teachers is not None and teachers.enough and not teachers.taken_up
        return is_new and self._choices.choice() == NAMES_PRESET and self.session.running_kind != LEARNING

    def _health(self) -> tuple[str, str]:
        """How it goes, or what there is to know before it can: a sentence and its role."""
        kind, unfinished = self.session.running_kind, self._unfinished
        if kind == LEARNING and self.session.saved_and_waiting:
            return self.tr("Paused. All is saved: you can also close the program and go on another day."), health.NOTE
        if kind == LEARNING and self.session.paused:
            return self.tr("Pausing: what was learned so far is being saved."), health.NOTE
        metrics = self._progress.metrics if self._progress is not None else {}
        if kind == LEARNING and metrics.get("loss") is None:
            return self.tr("Getting ready: photos are packed and the first steps are taken."), health.NOTE
        if kind == LEARNING:
            return health.sentence(judge(self._history), metrics.get("warnings") or ())
        sentence = idle_sentence(
            self.session,
            self._run,
            has_map=self._has_map,
            unfinished=unfinished is not None,
            elsewhere=self._elsewhere is not None,
            failed=self._failed,
            epochs_done=len(self._history.per_epoch()),
            photos=self._used,
        )
        return sentence, health.NOTE
