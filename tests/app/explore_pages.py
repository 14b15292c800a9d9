"""Driving the Explore page from a test, without the rest of the window."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from app.decisions import Decisions
from app.pages.explore import ExplorePage
from app.session import Session

MS = 60_000


def open_page(session: Session, qtbot: Any) -> ExplorePage:
    """The page on screen, with everything it shows."""
    page = ExplorePage(session, Decisions(session))
    qtbot.addWidget(page)
    page.resize(1068, 800)
    with qtbot.waitExposed(page):
        page.show()
    page.shown()
    wait(page, qtbot)
    return page


def wait(page: ExplorePage, qtbot: Any) -> None:
    """Wait until all that was asked for is done and shown."""
    qtbot.waitUntil(page.loaded, timeout=MS)


def find(page: QWidget, name: str) -> Any:
    """The control of a name that can be seen, else any of this name."""
    found = page.findChildren(QWidget, name)
    return next((control for control in found if control.isVisible()), found[0] if found else None)


def press(page: ExplorePage, qtbot: Any, name: str) -> None:
    """Click a control that can be seen and used, and wait for what follows."""
    control = find(page, name)
    assert control is not None, f"there is no {name}"
    assert control.isVisible(), f"{name} is not in sight"
    assert control.isEnabled(), f"{name} is disabled"
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton)
    wait(page, qtbot)


def write(page: ExplorePage, qtbot: Any, text: str, field: str = "name_field") -> None:
    """Write a name into a line and give it with Enter."""
    line = find(page, field)
    assert isinstance(line, QLineEdit)
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    wait(page, qtbot)


def undo(page: ExplorePage, decisions: Decisions, qtbot: Any) -> None:
    """Take the last step back, and wait until that is shown."""
    decisions.undo()
    wait(page, qtbot)


def choose_group(page: ExplorePage, qtbot: Any, row: int) -> None:
    """Choose the group of a row of the list by keyboard, from wherever the side card is."""
    if not find(page, "group_list").isVisible():
        press(page, qtbot, "all_groups_button")
    groups = find(page, "group_list")
    groups.setCurrentIndex(groups.model().index(row, 0))
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    wait(page, qtbot)


def titles(page: QWidget) -> list[str]:
    """What the groups in the list are called."""
    model = find(page, "group_list").model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def listed(page: QWidget) -> list[int]:
    """The ids of the photos in the grid of what is selected, in order."""
    return [photo.id for photo in find(page, "selection_grid").photos()]
