"""The card beside the grid: the selected photo large, what is known of it, and setting it aside or taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from prismh_engine.photos.verdicts import Thresholds

from .. import theme, words
from ..photo_filters import MISSING
from ..photo_list import PhotoList
from ..session import Session
from .buttons import text_button
from .card import Card, ElidedLabel, Facts, Note, label
from .photo_facts import facts_of, verdict_of
from .shot_facts import ShotFacts
from .thumbnails import Thumbnails, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prismh_engine.project import Photo

PREVIEW_HEIGHT, SMALLEST_PREVIEW = 196, 110


class PhotoDetails(Card):
    """Shows one photo, or says how many are selected. `overruled` gives the decision for all of them."""

    overruled = Signal(object, str)
    """A list of the photos it is about, and "used" or "set aside"."""

    def __init__(self, session: Session) -> None:
        super().__init__("photo_details")
        self._session = session
        self._photos: Sequence[Photo] = []
        self._with_preview = True
        self._preview = PhotoPreview(session)
        self._preview.setFixedHeight(PREVIEW_HEIGHT)
        self._name = ElidedLabel("", "heading")
        self._name.setObjectName("photo_name")
        self._facts = Facts()
        self._shot_lines = Facts()  # under the verdict: they come later, and matter less
        self._shot = ShotFacts(session, self)
        self._shot.found.connect(self._show_shot)
        self._verdict = Note("photo_verdict")
        self._aside = text_button("set_aside", self.tr("Set aside"))
        self._back = text_button("take_back", self.tr("Take back"))
        self._aside.clicked.connect(self.set_aside)
        self._back.clicked.connect(self.take_back)
        self._hint = label(self.tr("Choose a photo to see what is known of it."), "why")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.ROW_GAP)
        for widget in (self._preview, self._name, self._facts, self._verdict, self._shot_lines, self._hint):
            lines.addWidget(widget)
        self._scroll = _AsTallAsItsContents(inside, self._preview)
        self.body.addWidget(self._scroll)
        self.body.addWidget(self._aside)
        self.body.addWidget(self._back)
        self.body.addStretch(1)
        self.show_photos([])

    def photos(self) -> Sequence[Photo]:
        """What is shown."""
        return self._photos

    def set_aside(self) -> None:
        """Ask to set aside what is shown."""
        self._decide([photo for photo in self._photos if photo.used], "set aside")

    def take_back(self) -> None:
        """Ask to take back what is shown."""
        self._decide([photo for photo in self._photos if photo.look.usable and not photo.used], "used")

    def show_preview(self, shown: bool) -> None:
        """Leave the small picture out while the photo is seen large beside it."""
        self._with_preview = shown
        self._preview.setVisible(shown and bool(self._photos))
        self._scroll.fit()

    def show_photos(self, photos: Sequence[Photo], everything: PhotoList | None = None) -> None:
        """Show what is selected; where that is nothing, how things stand with all photos of the project."""
        self._photos = photos
        one = photos[0] if len(photos) == 1 else None
        self._preview.show_photo(photos[0] if photos else None)
        self._preview.setVisible(self._with_preview and bool(photos))
        self._name.setVisible(bool(photos or everything))
        self._facts.setVisible(one is not None or (not photos and bool(everything)))
        self._verdict.setVisible(bool(photos))
        self._hint.setVisible(not photos)
        used = sum([photo.used for photo in photos])
        self._offer(used > 0, any(p.look.usable and not p.used for p in photos))
        if one is not None:
            self._name.setText(one.path.name)
            project = self._session.project
            self._facts.show_facts(facts_of(one, Thresholds() if project is None else project.thresholds))
            self._verdict.say(*verdict_of(one))
        elif photos:
            self._name.setText(self.tr("{0} selected").format(words.photos(len(photos))))
            text = self.tr("{0} used, {1} set aside").format(words.number(used), words.number(len(photos) - used))
            self._verdict.say(text, "note")
        elif everything:
            self._name.setText(self.tr("All photos"))
            self._facts.show_facts(self._facts_of_all(everything))
        self._show_shot()

    def _offer(self, aside: bool, back: bool) -> None:
        """Whoever has just pressed one of the two has the other under the same key then."""
        had_focus = self._aside.hasFocus() or self._back.hasFocus()
        if aside:
            self._aside.show()
        if back:
            self._back.show()
        if had_focus and aside != back:
            (self._aside if aside else self._back).setFocus()
        self._aside.setVisible(aside)
        self._back.setVisible(back)

    def _show_shot(self) -> None:
        self._shot_lines.show_facts(self._shot.of(self._photos[0]) if len(self._photos) == 1 else [])
        self._scroll.fit()

    def _facts_of_all(self, photos: PhotoList) -> list[tuple[str, str]]:
        missing = photos.counts[MISSING]
        facts = [
            (self.tr("Photos"), words.number(len(photos))),
            (self.tr("Used"), words.number(photos.used)),
            (self.tr("Set aside"), words.number(len(photos) - photos.used - missing)),
            *([(self.tr("Not found"), words.number(missing))] if missing else []),
            (self.tr("With a place"), words.number(photos.placed)),
            (self.tr("With a time"), words.number(photos.dated)),
        ]
        days = photos.first_and_last_day()
        if days is not None:
            facts += [(self.tr("First"), words.taken(days[0])), (self.tr("Last"), words.taken(days[1]))]
        return facts

    def _decide(self, photos: list[Photo], decision: str) -> None:
        if photos:
            self.overruled.emit(photos, decision)


class _AsTallAsItsContents(QScrollArea):
    """Where the window is too low for everything, the preview gives way first; then it scrolls."""

    def __init__(self, contents: QWidget, preview: QWidget) -> None:
        super().__init__()
        self._preview = preview
        self.setWidget(contents)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        preview = 0 if self._preview.isHidden() else PREVIEW_HEIGHT
        return QSize(self.widget().sizeHint().width(), self._without_preview() + preview)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, SMALLEST_PREVIEW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Call it when the contents changed."""
        room = self.height() - self._without_preview()
        self._preview.setFixedHeight(min(PREVIEW_HEIGHT, max(SMALLEST_PREVIEW, room)))
        self.updateGeometry()

    def _without_preview(self) -> int:
        height = int(self.widget().layout().totalHeightForWidth(self.width()))
        return height if self._preview.isHidden() else height - self._preview.height()


class PhotoPreview(QWidget):
    """One photo with its own ratio, as large as fits."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails: Thumbnails | None = None
        self._photo: Photo | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        session.project_changed.connect(self._project_changed)
        self._project_changed()

    def show_photo(self, photo: Photo | None) -> None:
        self._photo = photo
        self.setAccessibleName("" if photo is None else photo.path.name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(256, PREVIEW_HEIGHT)

    def _project_changed(self) -> None:
        if self._session.thumbnails is not self._thumbnails:
            self._photo, self._thumbnails = None, self._session.thumbnails
            if self._thumbnails is not None:
                self._thumbnails.arrived.connect(self._thumbnails_arrived)

    def _thumbnails_arrived(self, contents: set[str]) -> None:
        if self._photo is not None and self._photo.look.content_hash in contents:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        pixmap = None
        if self._photo is not None and self._thumbnails is not None:
            pixmap = self._thumbnails.whole(self._photo)
        if pixmap is None:
            painter.fillPath(rounded(QRectF(self.rect()), 6), QColor(theme.colours().line))
        else:
            fitted = pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            left, top = (self.width() - fitted.width()) / 2, (self.height() - fitted.height()) / 2
            place = QRectF(left, top, fitted.width(), fitted.height())
            painter.setClipPath(rounded(place, 6))
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        painter.end()
