"""Where a training starts, as a choice of four: the starter, ImageNet's weights, a file, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QPushButton

from .card import plain_tip
from .field_editors import Choice
from .file_dialogs import choose_file

STARTER, IMAGENET, NOTHING = "starter", "imagenet", "none"
_FILE = ""


class StartWeights(Choice):
    """The setting `weights`; beside the choice of a file its name, to choose another."""

    def __init__(self) -> None:
        super().__init__(
            {
                STARTER: _tr("The starter"),
                IMAGENET: _tr("ImageNet (ResNet)"),
                _FILE: _tr("A file of weights"),
                NOTHING: _tr("Nothing"),
            }
        )
        self.help = _tr("what the encoder begins with: the starter, ImageNet's weights, those of a file, or nothing")
        self._path = ""
        self._before: str = STARTER
        self._choose = QPushButton("…")
        self._choose.setObjectName("choose_weights")
        self._choose.setAccessibleName(_tr("Choose the file of weights"))
        self._choose.setProperty("role", "small")
        self._choose.clicked.connect(self._choose_file)
        self._choose.hide()
        self.row.addWidget(self._choose)

    def value(self) -> str:
        return super().value() or self._path

    def fill(self, value: Any) -> None:
        self._before = str(value)
        is_file = self._before not in (STARTER, IMAGENET, NOTHING)
        self._path = self._before if is_file else ""
        super().fill(_FILE if is_file else value)
        self._choose.setVisible(is_file)
        self._choose.setToolTip(plain_tip(self._path))
        self.combo.setToolTip(plain_tip(self._path))
        place = self.combo.findData(_FILE)
        self.combo.setItemText(place, Path(self._path).name if is_file else _tr("A file of weights"))

    def _picked(self) -> None:
        if super().value() == _FILE:
            self._choose_file()
        else:
            self.edited.emit()

    def _choose_file(self) -> None:
        chosen = choose_file(self, _tr("Choose a file of weights"), _tr("Weights (*.pt *.pth *.safetensors)"))
        if chosen is None:
            self.fill(self._before)
        else:
            self._path = str(chosen)
            self.edited.emit()


def _tr(text: str) -> str:
    return QCoreApplication.translate("start_weights", text)
