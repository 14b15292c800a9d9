"""Who may import whom, and what must not be imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
SLOW_TO_IMPORT = ("torch", "torchvision", "timm", "sklearn", "scipy")

_FIRST_FRAME = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import AppSettings

class FirstFrame(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.seen:
            self.seen = True
            print(" ".join(sys.modules), flush=True)
            application.quit()
        return False

application = QApplication([])
window = MainWindow(AppSettings())
first_frame = FirstFrame()
first_frame.seen = False
application.installEventFilter(first_frame)
window.show()
application.exec()
window.close()
"""

_INSTANT_MAP = """
import sys
from pathlib import Path
from prismh_engine import jobs
from prismh_engine.core.instant_map import instant_map
from prismh_engine.project import Project

with Project.create(Path(sys.argv[1])) as project:
    project.add_folder(Path(sys.argv[2]))
    jobs.run(instant_map(project))
    assert project.maps.newest(project.features.get("starter")) is not None
print(" ".join(sys.modules))
"""


def test_the_import_contracts_hold() -> None:
    checked = _python(
        "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    assert checked.returncode == 0, checked.stdout


def test_help_of_the_window_imports_nothing_slow() -> None:
    started = _python("-X", "importtime", "-m", "app", "--help")
    assert started.returncode == 0, started.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in started.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported.intersection((*SLOW_TO_IMPORT, "PySide6.QtWidgets", "numpy"))


def test_the_first_frame_of_the_window_comes_before_anything_slow_is_imported() -> None:
    started = _python("-c", _FIRST_FRAME)
    assert started.returncode == 0, started.stderr
    modules = started.stdout.split()
    assert "PySide6.QtWidgets" in modules
    assert not set(modules).intersection(SLOW_TO_IMPORT)


def test_the_way_from_a_folder_to_the_instant_map_imports_no_torch(photo_folder: Path, tmp_path: Path) -> None:
    made = _python("-c", _INSTANT_MAP, str(tmp_path / "project"), str(photo_folder))
    assert made.returncode == 0, made.stderr
    assert not {"torch", "torchvision", "timm"}.intersection(made.stdout.split())


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
