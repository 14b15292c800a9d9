"""What the map's card says where there is no map: all of it is seen, also with large text in a narrow window."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from app import theme
from app.widgets.map_notice import MapNotice


@pytest.fixture
def large_text(qapp):
    theme.apply(theme.LIGHT, 1.5)
    yield
    theme.apply(theme.SYSTEM, 1.0)


def test_a_sentence_stays_within_a_narrow_map(qtbot, large_text):
    said = MapNotice()
    qtbot.addWidget(said)
    sentence = said.findChild(QLabel, "map_notice_sentence")
    said.show()
    said.resize(380, 400)
    said.say("The map is not made yet", "It appears here as soon as all photos are read. Add a folder with more.")
    qtbot.waitUntil(lambda: said.rect().contains(sentence.geometry()))
    assert sentence.height() >= sentence.heightForWidth(sentence.width())
    assert said.width() == 380
