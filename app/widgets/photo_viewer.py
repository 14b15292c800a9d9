"""One photo as large as the page allows: its small copy at once, the photo itself as soon as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from prismh_engine.jobs import Job, Progress, StopToken

from .. import theme, words
from ..jobs import RunningJob
from ..session import Session
from .card import Card, ElidedLabel, label
from .thumbnails import Thumbnails, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from prismh_engine.project import Photo


class PhotoViewer(Card):
    """Arrow keys go on, Home and End to the first and last, Escape or Space closes; wheel and buttons do the same."""

    moved = Signal(int)
    """Id of the photo that is shown now."""
    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("photo_viewer")
        self._session = session
        self._photos: Sequence[Photo] = []
        self._place = 0
        self._reading: RunningJob | None = None
        self._read_for: tuple[str, QSize] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._picture = _Picture(session)
        self._picture.resized.connect(self._read)
        self._name = ElidedLabel("", "heading")
        self._name.setObjectName("viewer_name")
        self._where = label("", "quiet")
        self._where.setObjectName("viewer_place")
        self._before = self._button("viewer_before", "‹", self.tr("The photo before"), self._back)
        self._next = self._button("viewer_next", "›", self.tr("The next photo"), self._forward)
        close = self._button("viewer_close", self.tr("Close"), self.tr("Back to all photos"), self.closed.emit)
        head = QHBoxLayout()
        head.setSpacing(theme.ROW_GAP)
        head.addWidget(self._name, 1)
        head.addWidget(self._where)
        head.addWidget(self._before)
        head.addWidget(self._next)
        head.addWidget(close)
        inside = QVBoxLayout()
        inside.addLayout(head)
        inside.addWidget(self._picture, 1)
        self.body.addLayout(inside)
        session.project_closing.connect(self._forget)

    def show_photos(self, photos: Sequence[Photo], photo_id: int) -> bool:
        """Show one of these photos, which the others follow in their order; return whether it is among them."""
        place = next((place for place, photo in enumerate(photos) if photo.id == photo_id), None)
        if place is not None:
            self._photos = photos
            self._go(place)
        return place is not None

    def photo(self) -> Photo | None:
        return self._photos[self._place] if self._photos else None

    def shown_size(self) -> QSize:
        """In pixels, of the picture on the screen: the small copy's, then the photo's as it was read for this room."""
        pixmap = self._picture.pixmap()
        return QSize() if pixmap is None else pixmap.size()

    def loaded(self) -> bool:
        """Whether the photo itself is on the screen, or cannot be."""
        return self._reading is None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if not self.hasFocus() and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # it is meant for a button
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
            self._forward()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp):
            self._back()
        elif key == Qt.Key.Key_Home:
            self._go(0)
        elif key == Qt.Key.Key_End:
            self._go(len(self._photos) - 1)
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _go(self, place: int) -> None:
        self._place = min(max(place, 0), len(self._photos) - 1)
        photo = self._photos[self._place]
        self._name.setText(photo.path.name)
        self._where.setText(
            self.tr("{0} of {1}").format(words.number(self._place + 1), words.number(len(self._photos)))
        )
        self._before.setEnabled(self._place > 0)
        self._next.setEnabled(self._place < len(self._photos) - 1)
        self.setAccessibleName(self.tr("{0}, large").format(photo.path.name))
        if self._picture.show_photo(photo):
            self._read_for = None
            self._read()
            self.moved.emit(photo.id)

    def _forward(self) -> None:
        if self._place < len(self._photos) - 1:
            self._go(self._place + 1)

    def _back(self) -> None:
        if self._place > 0:
            self._go(self._place - 1)

    def _read(self) -> None:
        """Read the photo itself for the room there is, one at a time: of those passed over quickly none is read."""
        photo = self.photo()
        if photo is None or self._reading is not None or not photo.look.usable or photo.missing:
            return
        wanted = (photo.look.content_hash, self._picture.size() * self.devicePixelRatioF())
        if wanted != self._read_for:
            self._read_for = wanted
            self._reading = self._session.run_beside(_read_large(photo.path, wanted[1]), StopToken())
            self._reading.finished.connect(self._was_read)
            self._reading.failed.connect(self._was_not_read)
            self._reading.stopped.connect(self._was_not_read)

    def _was_read(self, image: QImage | None) -> None:
        self._reading = None
        photo, read_for = self.photo(), self._read_for
        if photo is not None and read_for and read_for[0] == photo.look.content_hash:
            self._picture.show_large(image)
        self._read()  # another photo, or for another room, where that changed meanwhile

    def _was_not_read(self, sentence: str = "") -> None:
        self._reading = None

    def _forget(self) -> None:
        self._photos, self._place, self._reading, self._read_for = [], 0, None, None
        self._picture.show_photo(None)

    def _button(self, object_name: str, text: str, name: str, call: object) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(object_name)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setProperty("role", "small")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(call)
        return button


class _Picture(QWidget):
    """The photo with its own ratio, as large as fits."""

    resized = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._thumbnails: Thumbnails | None = None
        self._photo: Photo | None = None
        self._large: QPixmap | None = None
        self._gone = False
        self.setMinimumSize(120, 120)
        session.project_changed.connect(self._project_changed)
        self._project_changed()

    def show_photo(self, photo: Photo | None) -> bool:
        """Show a photo; return whether it is another one than before."""
        before, self._photo = self._photo, photo
        shown = (before.id, before.look.content_hash) if before is not None else None
        if photo is not None and shown == (photo.id, photo.look.content_hash):
            return False
        self._large, self._gone = None, photo is not None and photo.missing
        self.update()
        return True

    def pixmap(self) -> QPixmap | None:
        """The photo itself where it was read, else its small copy, else None."""
        if self._large is None and self._photo is not None and self._thumbnails is not None:
            return self._thumbnails.whole(self._photo)
        return self._large

    def show_large(self, image: QImage | None) -> None:
        """image: None where the photo cannot be read any more; its small copy stays then, if there is one."""
        self._large = None if image is None else QPixmap.fromImage(image)
        self._gone = image is None
        self.update()

    def _project_changed(self) -> None:
        if self._session.thumbnails is not self._thumbnails:
            self._photo, self._large, self._thumbnails = None, None, self._session.thumbnails
            if self._thumbnails is not None:
                self._thumbnails.arrived.connect(self._thumbnails_arrived)

    def _thumbnails_arrived(self, contents: set[str]) -> None:
        if self._photo is not None and self._photo.look.content_hash in contents:
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        pixmap = self.pixmap()
        if pixmap is not None:
            fitted = pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(
                (self.width() - fitted.width()) / 2,
                (self.height() - fitted.height()) / 2,
                fitted.width(),
                fitted.height(),
            )
            painter.setClipPath(rounded(place, 6))
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        elif self._photo is not None:
            painter.setPen(QColor(theme.colours().quiet))
            painter.setFont(theme.font(13))
            gone = self.tr("It is not where it was, and there is no small copy of it.") if self._gone else ""
            text = self._photo.look.invalid_reason or gone
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        painter.end()


def _read_large(path: Path, room: QSize) -> Job[QImage | None]:
    """The photo as large as `room` shows it; None where it cannot be read any more."""
    yield Progress("Opening a photo", 0, None)
    from prismh_engine.photos.decode import decode

    # Where the whole photo fits into the room, its short side is no longer than the room's.
    decoded = decode(path, short_side=max(64, min(room.width(), room.height())))
    if decoded.image is None:
        return None
    image = decoded.image.convert("RGB")
    whole = QImage(image.tobytes(), image.width, image.height, 3 * image.width, QImage.Format.Format_RGB888)
    fits = whole.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    if fits.width() >= whole.width():
        return whole.copy()  # with pixels of its own: those of Python's bytes go with this call
    return whole.scaled(fits, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
