"""Lists that open over the window: they are windows of their own, with nothing behind them to be seen through."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QCompleter, QFileDialog, QLineEdit

from app import theme


def card_is_behind(popup):
    """Whether the colour of a card is what most of it shows, wherever nothing lay under it."""
    shown = QImage(popup.size(), QImage.Format.Format_ARGB32)
    shown.fill(Qt.GlobalColor.transparent)
    popup.render(shown)
    at = [shown.pixelColor(popup.width() - 12, y) for y in range(2, popup.height() - 2)]
    return sum(colour == QColor(theme.colours().card) for colour in at) > len(at) // 2


@pytest.mark.parametrize("choice", [theme.LIGHT, theme.DARK])
def test_words_that_complete_what_is_typed_stand_on_a_card(qtbot, choice):
    theme.apply(choice, 1.0)
    line = QLineEdit()
    qtbot.addWidget(line)
    line.setCompleter(QCompleter(["Bottles", "Boxes", "Buckets"], line))
    with qtbot.waitActive(line):
        line.show()
    qtbot.keyClicks(line, "B")
    popup = line.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    assert card_is_behind(popup)
    popup.hide()


@pytest.mark.parametrize("choice", [theme.LIGHT, theme.DARK])
def test_so_do_those_of_the_file_dialog(qtbot, choice, tmp_path):
    theme.apply(choice, 1.0)
    for name in ("photos", "places", "pools"):
        (tmp_path / name).mkdir()
    dialog = QFileDialog(None, "", str(tmp_path))
    qtbot.addWidget(dialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    with qtbot.waitActive(dialog):
        dialog.show()
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    popup = line.completer().popup()
    line.setFocus()

    def is_offered() -> bool:
        line.clear()  # typed again until the folder was read: before, there is nothing to offer
        qtbot.keyClicks(line, "p")
        return popup.isVisible()

    qtbot.waitUntil(is_offered)
    assert card_is_behind(popup)
    popup.hide()
