"""Thumbnails as pixmaps: read away from the GUI thread, newest wish first, the last few hundred kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPainterPath, QPixmap

from prismh_engine.errors import PrismhError

if TYPE_CHECKING:
    from prismh_engine.photos.cache import PhotoCache
    from prismh_engine.project import Photo

THREADS = 2
FRAME_MS = 16
"""What is read within it is shown together: many small repaints cost more than one."""
KEPT_PIXMAPS = 800
# Wishes beyond these are of photos that were scrolled past; they come again if they are looked at again.
KEPT_WISHES = 200
CORNER = 4

WHOLE = 0
"""As a side: the whole thumbnail with its ratio, at most 256 px long."""


class Thumbnails(QObject):
    """Ask in every paint: a pixmap that is not there yet is read, then `arrived` is emitted and the next paint has it.

    Two threads read; they end with `close`, which waits for them.
    """

    arrived = Signal(object)
    """The content hashes of the photos that were read, as a set."""
    _ready = Signal()

    def __init__(self, cache: PhotoCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._pixmaps: OrderedDict[tuple[str, bool], tuple[int, QPixmap | None]] = OrderedDict()
        self._wishes: OrderedDict[tuple[str, int], Photo] = OrderedDict()
        self._reading: set[tuple[str, int]] = set()
        self._read: list[tuple[tuple[str, int], QImage | None]] = []
        self._wakes = threading.Condition()
        self._closed = False
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(FRAME_MS)
        self._frame.timeout.connect(self._take)
        self._ready.connect(self._frame.start)
        self._threads = [threading.Thread(target=self._work, name=f"thumbnails-{i}") for i in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def square(self, photo: Photo, side: int) -> QPixmap | None:
        """The photo cropped to a square of `side` device pixels with round corners; None while there is none.

        One of another size is given until the right one is there.
        """
        return self._get(photo, side)

    def whole(self, photo: Photo) -> QPixmap | None:
        """The whole photo, its longer side 256 px or less; None while there is none."""
        return self._get(photo, WHOLE)

    def waiting(self) -> bool:
        """Whether something that was asked for is still being read."""
        with self._wakes:
            return bool(self._wishes or self._reading or self._read)

    def close(self) -> None:
        with self._wakes:
            self._closed = True
            self._wishes.clear()
            self._wakes.notify_all()
        for thread in self._threads:
            thread.join()

    def _get(self, photo: Photo, side: int) -> QPixmap | None:
        content = photo.look.content_hash
        if not photo.look.usable or not content:
            return None
        key = (content, side == WHOLE)
        kept = self._pixmaps.get(key)
        if kept is not None:
            self._pixmaps.move_to_end(key)
        if kept is None or (kept[0] != side and kept[1] is not None):
            self._wish(photo, side)
        return None if kept is None else kept[1]

    def _wish(self, photo: Photo, side: int) -> None:
        wish = (photo.look.content_hash, side)
        with self._wakes:
            if wish in self._reading or self._closed:
                return
            self._wishes[wish] = photo
            self._wishes.move_to_end(wish)
            while len(self._wishes) > KEPT_WISHES:
                self._wishes.popitem(last=False)
            self._wakes.notify()

    def _work(self) -> None:
        while True:
            with self._wakes:
                self._wakes.wait_for(lambda: self._closed or self._wishes)
                if self._closed:
                    return
                wish, photo = self._wishes.popitem(last=True)
                self._reading.add(wish)
            image = self._image(photo, wish[1])
            with self._wakes:
                self._reading.discard(wish)
                if self._closed:
                    return
                self._read.append((wish, image))
                first = len(self._read) == 1
            if first:
                self._ready.emit()

    def _image(self, photo: Photo, side: int) -> QImage | None:
        try:
            path = self._cache.thumbnail(photo.path, photo.look.content_hash)
        except PrismhError:  # the photo is gone, and the cache was deleted
            return None
        image = read_picture(path, side)
        return None if image.isNull() else image

    def _take(self) -> None:
        with self._wakes:
            read, self._read = self._read, []
        for (content, side), image in read:
            pixmap = None if image is None else QPixmap.fromImage(image)
            self._pixmaps[(content, side == WHOLE)] = (side, pixmap)
        while len(self._pixmaps) > KEPT_PIXMAPS:
            self._pixmaps.popitem(last=False)
        if read:
            self.arrived.emit({content for (content, _), _ in read})


def rounded(rectangle: QRectF, radius: float = CORNER) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rectangle, radius, radius)
    return path


def read_picture(path: Path, side: int) -> QImage:
    """A picture as a square of `side` pixels, or whole where it is `WHOLE`; a null image where it cannot be read."""
    return QImageReader(str(path)).read() if side == WHOLE else _read_square(path, side)


def _read_square(path: Path, side: int) -> QImage:
    """The middle of a picture, read at the size it is shown in; a null image where it cannot be read.

    Nearly all of it is one call into Qt, during which the GUI thread goes on.
    """
    reader = QImageReader(str(path))
    scaled = reader.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    reader.setScaledSize(scaled)
    reader.setScaledClipRect(QRect((scaled.width() - side) // 2, (scaled.height() - side) // 2, side, side))
    square = reader.read()
    if not square.isNull():
        square.convertTo(QImage.Format.Format_ARGB32_Premultiplied)
        painter = QPainter(square)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.drawImage(0, 0, _round_corners(side))
        painter.end()
    return square


@lru_cache(maxsize=8)
def _round_corners(side: int) -> QImage:
    """What is kept of a square picture."""
    mask = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    mask.fill(Qt.GlobalColor.transparent)
    painter = QPainter(mask)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(rounded(QRectF(0, 0, side, side)), Qt.GlobalColor.black)
    painter.end()
    return mask
