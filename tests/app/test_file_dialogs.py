"""The dialogs for folders and files, shown on the folder of a project that is open."""

import sqlite3
import subprocess
import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QFileSystemModel, QToolButton, QWidget

from app import theme
from app.widgets.file_dialogs import choose_file, choose_folder, choose_new_file
from prismh_engine.project import Project

ANOTHER_PROGRAM = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    print(db.execute("SELECT value FROM meta WHERE key = 'name'").fetchone()[0])
db.close()
"""


@pytest.fixture(params=["folder", "file", "new_file"])
def ask(request, qtbot):
    """Asks, is shown the files of a folder to the last icon, and is closed without an answer."""
    parent = QWidget()
    qtbot.addWidget(parent)
    shown = []

    def look(folder, files):
        def close_when_seen():
            dialog = parent.findChild(QFileDialog)
            model = dialog.findChild(QFileSystemModel)
            shown.append(dialog.testOption(QFileDialog.Option.DontUseNativeDialog))
            dialog.setDirectory(str(folder))
            # A file's size and icon come together.
            qtbot.waitUntil(lambda: all(not model.fileIcon(model.index(str(file))).isNull() for file in files))
            qtbot.wait(500)
            dialog.reject()

        QTimer.singleShot(0, close_when_seen)
        if request.param == "folder":
            return choose_folder(parent, "Choose", folder)
        if request.param == "file":
            return choose_file(parent, "Choose", "Tables (*.csv)")
        return choose_new_file(parent, "Save", folder / "map.png", "Pictures (*.png)")

    return look


def test_a_dialog_on_the_open_projects_folder_leaves_its_locks(ask, tmp_path):
    with Project.create(tmp_path / "ward", "Ward 3") as project:
        write_ahead = tmp_path / "ward" / "project.db-wal"
        before = write_ahead.stat()
        assert ask(project.folder, [tmp_path / "ward" / "project.db", write_ahead]) is None
        # Another program is the last user in its own eyes, and would tidy up, where our locks were gone.
        said = subprocess.run(
            [sys.executable, "-c", ANOTHER_PROGRAM, str(tmp_path / "ward" / "project.db")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout.strip() == "Ward 3"
        assert write_ahead.exists()
        assert write_ahead.stat().st_ino == before.st_ino
        project.rename("Ward 4")
    with sqlite3.connect(tmp_path / "ward" / "project.db") as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'name'").fetchone()[0] == "Ward 4"


@pytest.mark.parametrize("of_theme", [theme.LIGHT, theme.DARK])
def test_the_pictures_of_its_buttons_stand_out_in_both_themes(qtbot, tmp_path, of_theme):
    theme.apply(of_theme, 1.0)
    parent, pictures = QWidget(), {}
    qtbot.addWidget(parent)

    def look():
        dialog = parent.findChild(QFileDialog)
        for button in dialog.findChildren(QToolButton):
            if button.isVisible() and not button.icon().isNull():
                pictures[button.objectName()] = button.icon().pixmap(24).toImage()
        dialog.reject()

    QTimer.singleShot(0, look)
    choose_new_file(parent, "Save", tmp_path / "map.png", "Pictures (*.png)")
    page = QColor(theme.colours().page)
    theme.apply(theme.SYSTEM, 1.0)
    assert {"backButton", "forwardButton", "toParentButton"} <= pictures.keys()
    for name, picture in pictures.items():
        colours = (picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height()))
        drawn = [theme.contrast(colour, page) for colour in colours if colour.alpha() > 200]
        assert sum(drawn) / len(drawn) >= theme.MINIMUM_CONTRAST, name
