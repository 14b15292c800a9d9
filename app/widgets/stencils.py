"""An outline drawn on a map as a stencil: which pixels lie in it."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath

from .point_canvas import View


def stencil(outline: QPainterPath, view: View) -> tuple[View, NDArray[np.bool_]]:
    """The part of a view that an outline, in the view's pixels, can touch; bool [height, width]: what lies in it.

    A pixel belongs to it when its middle does. Looking points up in it takes the same time however long the outline is.
    """
    rect = outline.boundingRect().toAlignedRect().adjusted(0, 0, 1, 1)
    rect &= QRect(0, 0, view.width, view.height)
    part = dataclasses.replace(
        view, offset_x=view.offset_x - rect.left(), offset_y=view.offset_y - rect.top(),
        width=max(rect.width(), 0), height=max(rect.height(), 0),
    )  # fmt: skip
    if not part.width or not part.height:
        return part, np.zeros((part.height, part.width), bool)
    image = QImage(part.width, part.height, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.translate(-rect.left(), -rect.top())
    painter.fillPath(outline, Qt.GlobalColor.white)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(part.height, image.bytesPerLine())
    return part, pixels[:, : part.width] > 0
