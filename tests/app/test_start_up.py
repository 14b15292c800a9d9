"""What the program loads, and when; and the pictures it makes of its own pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]
SLOW = ("torch", "torchvision", "timm", "sklearn", "scipy", "openTSNE", "onnxruntime", "pyqtgraph", "tensorboard")


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_needs_no_qt():
    code = (
        "import sys, app.__main__ as start\n"
        "try: start.main(['--help'])\n"
        "except SystemExit: print(sorted(name for name in sys.modules if name.startswith(('PySide6', 'numpy'))))"
    )
    done = python("-c", code)
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr
    assert "--screenshot" in done.stdout


def test_nothing_slow_is_loaded_before_the_first_frame():
    code = (
        "import sys\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from app import theme\n"
        "from app.main_window import MainWindow\n"
        "from app.settings import AppSettings\n"
        "application = QApplication([])\n"
        "theme.apply('system', 1.0)\n"
        "window = MainWindow(AppSettings())\n"
        "window.show()\n"
        "application.processEvents()\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])\n"
        "window.close()"
    )
    done = python("-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_page_can_be_saved_as_a_picture(tmp_path):
    done = python("-m", "app", "--screenshot", str(tmp_path / "start.png"))
    assert done.returncode == 0, done.stderr
    picture = QImage(str(tmp_path / "start.png"))
    assert (picture.width(), picture.height()) == (1280, 800)


def test_a_page_of_a_project_can_be_saved_as_a_picture(mapped, tmp_path):
    done = python("-m", "app", str(mapped), "--page", "export", "--screenshot", str(tmp_path / "export.png"))
    assert done.returncode == 0, done.stderr
    assert not QImage(str(tmp_path / "export.png")).isNull()


def test_what_is_no_project_is_refused_in_one_sentence(tmp_path):
    done = python("-m", "app", str(tmp_path), "--screenshot", str(tmp_path / "page.png"))
    assert done.returncode == 1
    assert "is not a Prism-H project" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "page.png").exists()


def test_a_page_that_needs_a_project_says_so(tmp_path):
    done = python("-m", "app", "--page", "explore", "--screenshot", str(tmp_path / "page.png"))
    assert (done.returncode, done.stderr.strip()) == (1, "The page explore needs a project.")
