"""Colours everyone can read and tell apart, in both themes and every text size."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QProxyStyle, QSpinBox, QStyle, QWidget

from app import theme


@pytest.fixture(params=["light", "dark"])
def colours(request, qapp):
    theme.apply(request.param, 1.0)
    yield theme.colours()
    theme.apply("system", 1.0)


def test_text_reads_at_four_and_a_half_to_one(colours):
    for text, ground in itertools.product(
        (colours.ink, colours.quiet, colours.primary), (colours.page, colours.card, colours.rail)
    ):
        assert theme.contrast(QColor(text), QColor(ground)) >= 4.5, (text, ground)
    for text, ground in (
        (colours.primary, colours.tint), (colours.warning, colours.warning_tint), (colours.on_primary, colours.primary)
    ):  # fmt: skip
        assert theme.contrast(QColor(text), QColor(ground)) >= 4.5, (text, ground)


def test_every_icon_can_be_drawn(colours):
    for file in (theme.resource_folder() / "icons").glob("*.svg"):
        assert not theme.icon(file.stem).isNull()


def test_a_changed_theme_is_told_and_text_grows(qtbot, qapp):
    with qtbot.waitSignal(theme.changed):
        theme.apply("dark", 1.5)
    assert theme.colours().name == "dark"
    assert theme.pixels(20) == 30
    theme.apply("system", 1.0)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_the_list_of_a_choice_shows_all_of_a_few_without_scrolling(qtbot, scale):
    theme.apply("light", scale)
    window = QWidget()
    qtbot.addWidget(window)
    box = QComboBox(window)
    box.addItems(["Group", "Name", "Folder"])
    box.setGeometry(20, 100, 120, box.sizeHint().height())
    window.resize(300, 400)
    with qtbot.waitExposed(window):
        window.show()
    box.showPopup()
    qtbot.waitUntil(lambda: box.view().window().isVisible())
    qtbot.wait(100)  # what the list is laid out anew for comes after it is seen
    shown = box.view()
    last = shown.visualRect(shown.model().index(2, 0))
    assert shown.viewport().rect().top() <= last.top()
    assert last.bottom() <= shown.viewport().rect().bottom()
    box.hidePopup()
    theme.apply("system", 1.0)


class _WithPictures(QProxyStyle):
    """As on a desktop, where the style gives buttons of dialogs pictures."""

    def styleHint(self, hint, option=None, widget=None, returned=None):
        if hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons:
            return 1
        return super().styleHint(hint, option, widget, returned)


def test_buttons_of_dialogs_have_words_alone(colours, qtbot):
    """The pictures are black in the dark theme too."""
    style = _WithPictures("Fusion")
    buttons = QDialogButtonBox()
    qtbot.addWidget(buttons)
    buttons.setStyle(style)
    buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Save)
    assert all(button.icon().isNull() for button in buttons.buttons())


@pytest.mark.parametrize("kind", [QComboBox, QSpinBox])
def test_the_arrows_of_fields_stand_out(colours, qtbot, kind):
    field = kind()
    qtbot.addWidget(field)
    field.resize(120, 32)
    with qtbot.waitExposed(field):
        field.show()
    picture = field.grab().toImage()
    at_arrows = (picture.pixelColor(x, y) for x in range(98, 116) for y in range(5, 27))  # within the frame
    assert max(theme.contrast(colour, QColor(colours.card)) for colour in at_arrows) >= theme.MINIMUM_CONTRAST
