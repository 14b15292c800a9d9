"""How one photo of the grid looks: its picture, a mark where something is to be said of it, a ring where it is chosen.

All of it is drawn from pictures of the tile's own size, made once: a screen of tiles has to be drawn within a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from .. import theme
from .guarded_paint import guarded
from .thumbnails import CORNER, Thumbnails, rounded

if TYPE_CHECKING:
    from prismh_engine.project import Photo

Index = QModelIndex | QPersistentModelIndex

TILE = 104
GAP = 8
RING = 3
MARK = 20
SET_ASIDE_OPACITY = 0.4

_SELECTED = QStyle.StateFlag.State_Selected.value
_POINTED_AT = (QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver).value
_SMOOTH = QPainter.RenderHint.SmoothPixmapTransform


class PhotoTiles(QStyledItemDelegate):
    """photo_of: the photo of a row."""

    def __init__(self, photo_of: Callable[[int], Photo], parent: QObject) -> None:
        super().__init__(parent)
        self.thumbnails: Thumbnails | None = None
        self._photo_of = photo_of
        self.captions: Mapping[int, str] = {}
        """A word on the tiles of some photos, by their ids."""
        self.fade = True
        """Whether photos that are set aside stand back behind those that are used."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        return view.gridSize() if isinstance(view, QListView) else QSize(TILE, TILE)

    @guarded
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        photo = self._photo_of(index.row())
        cell, state = option.rect, option.state.value
        side = min(cell.width(), cell.height()) - GAP
        at = cell.topLeft()
        ratio = painter.device().devicePixelRatioF()
        pixmap = None if self.thumbnails is None else self.thumbnails.square(photo, round(side * ratio))
        # Pixels that fall on pixels are copied. Smoothing would not change them, but take ten times as long.
        painter.setRenderHint(_SMOOTH, ratio != int(ratio))
        faint = not photo.used or photo.missing
        if pixmap is None:
            painter.drawPixmap(at, _blank(side, ratio, theme.colours().line))
            if not photo.look.usable:
                _draw_name(painter, QRect(at.x(), at.y(), side, side), photo.path.name)
        else:
            if pixmap.width() != round(side * ratio):
                painter.setRenderHint(_SMOOTH)
            if faint and self.fade:
                painter.setOpacity(SET_ASIDE_OPACITY)
            painter.drawPixmap(at.x(), at.y(), side, side, pixmap)
            if faint and self.fade:
                painter.setOpacity(1.0)
        mark = "missing" if photo.missing else "unreadable" if not photo.look.usable else "aside" if faint else ""
        if mark:
            corner = QPoint(at.x() + side - MARK - 6, at.y() + side - MARK - 6)
            painter.drawPixmap(corner, _mark(mark, ratio, theme.colours().card, theme.colours().warning))
        if photo.id in self.captions:
            _draw_caption(painter, QRect(at.x(), at.y(), side, side), self.captions[photo.id])
        if state & _SELECTED:
            rings = ((theme.colours().card, RING + 1), (theme.colours().primary, RING))
            painter.drawPixmap(at, _rings(side, ratio, rings))
        elif state & _POINTED_AT:
            painter.drawPixmap(at, _rings(side, ratio, ((theme.colours().quiet, 1),)))


def _draw_name(painter: QPainter, tile: QRect, name: str) -> None:
    """All there is to see of a photo that cannot be read."""
    painter.setFont(theme.font(11))
    painter.setPen(QColor(theme.colours().quiet))
    place = tile.adjusted(8, 8, -8, -8)
    text = painter.fontMetrics().elidedText(" ".join(name.split()), Qt.TextElideMode.ElideMiddle, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)


def _draw_caption(painter: QPainter, tile: QRect, caption: str) -> None:
    colours = theme.colours()
    painter.setFont(theme.font(11))
    metrics = painter.fontMetrics()
    text = metrics.elidedText(caption, Qt.TextElideMode.ElideRight, tile.width() - 18)
    width, height = metrics.horizontalAdvance(text) + 10, metrics.height() + 2
    badge = QRect(tile.left() + 4, tile.bottom() - height - 3, width, height)
    painter.fillPath(rounded(QRectF(badge), CORNER), QColor(colours.card))
    painter.setPen(QColor(colours.ink))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)


@lru_cache(maxsize=16)
def _blank(side: int, ratio: float, colour: str) -> QPixmap:
    picture = _clear(side, ratio)
    painter = _painter(picture)
    painter.fillPath(rounded(QRectF(0, 0, side, side)), QColor(colour))
    painter.end()
    return picture


@lru_cache(maxsize=16)
def _mark(name: str, ratio: float, card: str, colour: str) -> QPixmap:
    picture = _clear(MARK, ratio)
    painter = _painter(picture)
    badge = QRect(0, 0, MARK, MARK)
    painter.fillPath(rounded(QRectF(badge), MARK / 2), QColor(card))
    theme.icon(name, colour).paint(painter, badge.adjusted(3, 3, -3, -3))
    painter.end()
    return picture


@lru_cache(maxsize=16)
def _rings(side: int, ratio: float, rings: tuple[tuple[str, int], ...]) -> QPixmap:
    """rings: colour and width of each, the later ones over the earlier ones."""
    picture = _clear(side, ratio)
    painter = _painter(picture)
    for colour, width in rings:
        painter.setPen(QPen(QColor(colour), width))
        inside = width / 2
        place = QRectF(0, 0, side, side).adjusted(inside, inside, -inside, -inside)
        painter.drawRoundedRect(place, CORNER, CORNER)
    painter.end()
    return picture


def _clear(side: int, ratio: float) -> QPixmap:
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _painter(picture: QPixmap) -> QPainter:
    painter = QPainter(picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    return painter
