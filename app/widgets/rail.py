"""The rail at the left: the road in numbered steps, each with its state, and at the foot what is running."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from .. import theme, words
from ..session import LEARNING, Session
from .buttons import text_button
from .card import ElidedLabel, label, thin_line
from .job_card import JobCard

MARK = 22


class Rail(QWidget):
    """`step_chosen` gives the page's name; `settings_chosen` and `help_chosen` come from the links at the foot."""

    step_chosen = Signal(str)
    settings_chosen = Signal()
    help_chosen = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setProperty("role", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._name = ElidedLabel("", "project")
        self._name.setObjectName("project_name")
        self._folders = label("", "why")
        self._group = QButtonGroup(self)
        self._steps = {
            "photos": self._step("photos", self.tr("Photos"), "1"),
            "explore": self._step("explore", self.tr("Explore"), "2"),
            "export": self._step("export", self.tr("Export"), "3"),
            "training": self._step("training", self.tr("Learn"), ""),
        }
        self._job_card = JobCard(session)
        settings, help_ = self._link("settings_link", self.tr("Settings")), self._link("help_link", self.tr("Help"))
        settings.clicked.connect(self.settings_chosen)
        help_.clicked.connect(self.help_chosen)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 18, 12, 12)
        layout.setSpacing(4)
        heading = QVBoxLayout()
        heading.setContentsMargins(8, 0, 8, 16)
        heading.setSpacing(6)
        heading.addWidget(self._name)
        heading.addWidget(self._folders)
        layout.addLayout(heading)
        for name in ("photos", "explore", "export"):
            layout.addWidget(self._steps[name])
        between = QHBoxLayout()
        between.setContentsMargins(8, 6, 8, 6)
        between.addWidget(thin_line())
        layout.addLayout(between)
        layout.addWidget(self._steps["training"])
        layout.addStretch(1)
        layout.addWidget(self._job_card)
        links = QHBoxLayout()
        links.setContentsMargins(2, 8, 0, 0)
        links.addWidget(settings)
        links.addWidget(help_)
        links.addStretch(1)
        layout.addLayout(links)

        session.project_changed.connect(self._say_states)
        session.summary_changed.connect(self._say_states)
        session.job_changed.connect(self._say_states)
        theme.changed.connect(self._fit)
        self._fit()
        self._say_states()

    def show_step(self, name: str) -> None:
        """Mark the step of the page that is on screen."""
        self._steps[name].setChecked(True)
        self._say_states()

    def state(self, name: str) -> str:
        """The line under a step."""
        return self._steps[name].state()

    def _say_states(self) -> None:
        session, summary = self._session, self._session.summary
        if session.project is None:
            return
        self._name.setText(session.project.name)
        self._folders.setText(words.photo_folders(len(session.project.folders())))
        photos = words.photos(summary.photos) if summary.photos else self.tr("no photos yet")
        if summary.missing:
            photos += self.tr(" · {0} not found").format(words.number(summary.missing))
        elif summary.set_aside:
            photos += self.tr(" · {0} set aside").format(words.number(summary.set_aside))
        reading = session.running_kind is not None and not summary.groups
        self._steps["photos"].say(self.tr("looking at photos") if reading else photos, summary.photos > 0)
        if summary.groups:
            groups = words.groups(summary.groups)
            if summary.named:
                groups += self.tr(" · {0} named").format(words.number(summary.named))
        else:
            groups = self.tr("the map is being made") if reading else self.tr("no map yet")
        self._steps["explore"].say(groups, summary.named > 0)
        saved = words.day(summary.exported_at)
        self._steps["export"].say(
            self.tr("last: {0}").format(saved) if saved else self.tr("nothing saved yet"), bool(saved)
        )
        self._steps["training"].say(*self._learning_state())

    def _learning_state(self) -> tuple[str, bool]:
        session = self._session
        if session.running_kind == LEARNING:
            metrics = session.progress.metrics if session.progress is not None else {}
            if session.paused:
                return self.tr("paused"), False
            if metrics.get("epochs"):
                return self.tr("Epoch {0} of {1}").format(metrics.get("epoch", 0), metrics["epochs"]), False
            return self.tr("under way"), False  # before the first step and after the last one
        if session.summary.learned_elsewhere:
            return self.tr("in another program"), False
        if session.summary.learning is not None:
            done = round(100 * session.summary.learning)
            return (self.tr("stopped at {0} %").format(done) if done else self.tr("stopped early")), False
        if session.summary.failed:
            return self.tr("could not go on"), False
        return (self.tr("done"), True) if session.summary.learned else (self.tr("optional"), False)

    def _step(self, name: str, text: str, number: str) -> StepButton:
        step = StepButton(name, text, number)
        self._group.addButton(step)
        step.chosen.connect(self.step_chosen)
        return step

    def _link(self, object_name: str, text: str) -> QPushButton:
        link = text_button(object_name, text, "link")
        link.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return link

    def _fit(self) -> None:
        self.setFixedWidth(theme.pixels(theme.RAIL_WIDTH))


class StepButton(QPushButton):
    """One step: a mark, its name and a line about its state."""

    chosen = Signal(str)

    def __init__(self, name: str, text: str, number: str) -> None:
        super().__init__()
        self.setObjectName(f"step_{name}")
        self.setProperty("role", "step")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._name, self._text = name, text
        self._mark = _Mark(number)
        title = label(text, "step_name")
        self._state = label("", "step_state")
        self._state.setWordWrap(True)
        lines = QVBoxLayout()
        lines.setSpacing(3)
        lines.addWidget(title)
        lines.addWidget(self._state)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 10, 8, 10)
        layout.setSpacing(10)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(lines, 1)
        for child in (self._mark, title, self._state):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.clicked.connect(self._clicked)
        self.toggled.connect(self._mark.set_current)

    def say(self, state: str, done: bool) -> None:
        if state != self._state.text():
            self._state.setText(state)
            self.setAccessibleName(f"{self._text}, {state}")
            self.updateGeometry()
        self._mark.set_done(done)

    def state(self) -> str:
        return self._state.text()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self.layout().totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        width = theme.pixels(theme.RAIL_WIDTH) - 24
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _clicked(self) -> None:
        self.chosen.emit(self._name)


class _Mark(QWidget):
    """A circle: filled for the step on screen and for one that is done, else a ring around its number or star."""

    def __init__(self, number: str) -> None:
        super().__init__()
        self.setFixedSize(MARK + 2, MARK + 2)
        self._number = number
        self._current = self._done = False

    def set_current(self, current: bool) -> None:
        self._current = current
        self.update()

    def set_done(self, done: bool) -> None:
        if done != self._done:
            self._done = done
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours()
        filled = self._current or self._done
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(1, 1, MARK, MARK)
        painter.setBrush(QColor(colours.primary) if filled else Qt.BrushStyle.NoBrush)
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(colours.quiet), 1.3))
        painter.drawEllipse(circle)
        colour = colours.on_primary if filled else colours.ink
        if self._done and not self._current:
            theme.icon("check", colour).paint(painter, circle.toRect().adjusted(3, 3, -3, -3))
        elif self._number:
            painter.setPen(QColor(colour))
            number = theme.font(11)
            number.setPixelSize(11)  # the circle does not grow
            painter.setFont(number)
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, self._number)
        else:
            theme.icon("spark", colour).paint(painter, circle.toRect().adjusted(4, 4, -4, -4))
        painter.end()
