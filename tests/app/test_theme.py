"""Colours everyone can read and tell apart, in both themes and every text size."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QColor

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
