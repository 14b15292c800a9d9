"""One photo of a selection: large, what is known of it, and its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from prismh_engine.photos.verdicts import Thresholds

from .. import theme
from ..session import Session
from .buttons import text_button
from .card import ElidedLabel, Facts, Note, label
from .name_chips import NameChips
from .naming import NameEntry
from .photo_details import PhotoPreview
from .photo_facts import facts_of, verdict_of
from .shot_facts import ShotFacts

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_PREVIEW = 210


class OnePhoto(QWidget):
    """Tells what a person wants done with the photo."""

    named = Signal(str)
    name_removed = Signal(str)
    similar_wanted = Signal()
    set_aside = Signal()
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("one_photo")
        self._session = session
        self._photo: Photo | None = None
        back = text_button("photo_back_button", self.tr("‹ Back"), "link")
        back.clicked.connect(self.closed)
        self._back = back
        self._preview = PhotoPreview(session)
        self._preview.setFixedHeight(_PREVIEW)
        self._title = ElidedLabel("", "heading")
        self._title.setObjectName("one_photo_name")
        self._names = NameChips()
        self._names.removed.connect(self.name_removed)
        self._entry = NameEntry("photo_name_field", self.tr("Name this photo"))
        self._entry.named.connect(self.named)
        self._group = label("", "quiet")
        self._group.setObjectName("one_photo_group")
        self._group.setWordWrap(True)
        self._facts = Facts()
        self._shot_lines = Facts()
        self._shot = ShotFacts(session, self)
        self._shot.found.connect(self._show_shot)
        self._verdict = Note("one_photo_verdict")
        similar = text_button("photo_similar", self.tr("Similar"), "action")
        similar.clicked.connect(self.similar_wanted)
        aside = text_button("photo_set_aside", self.tr("Set aside"), "action")
        aside.clicked.connect(self.set_aside)
        actions = QHBoxLayout()
        actions.setSpacing(6)
        actions.addWidget(similar)
        actions.addWidget(aside)
        actions.addStretch(1)
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, 10, 0)
        lines.setSpacing(theme.ROW_GAP)
        for widget in (self._preview, self._title, self._group, self._names, self._entry):
            lines.addWidget(widget)
        lines.addLayout(actions)
        lines.addWidget(self._facts)
        lines.addWidget(self._verdict)
        lines.addWidget(self._shot_lines)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(back, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(scroll, 1)

    @property
    def photo(self) -> Photo | None:
        return self._photo

    def show_photo(self, photo: Photo, group: str, names: Sequence[str]) -> None:
        """Show a photo: the sentence on its group, "" for none, and the names it carries itself."""
        project = self._session.project
        self._photo = photo
        self._preview.show_photo(photo)
        self._title.setText(photo.path.name)
        self._group.setText(group)
        self._group.setVisible(bool(group))
        self._names.show_names([(name, 1) for name in names], 1)
        self._facts.show_facts(facts_of(photo, Thresholds() if project is None else project.thresholds))
        self._verdict.say(*verdict_of(photo))
        self._show_shot()

    def _show_shot(self) -> None:
        self._shot_lines.show_facts([] if self._photo is None else self._shot.of(self._photo))

    def offer_names(self, names: Sequence[str]) -> None:
        self._entry.offer(names)

    def focus_back(self) -> None:
        self._back.setFocus(Qt.FocusReason.OtherFocusReason)
