"""Start of the window: arguments first, so that `--help` needs no Qt; then the first frame, then the rest."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from prismh_engine.photos.frozen_child import be_the_child

PAGES = ("start", "photos", "training", "explore", "export")


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window; return its exit code."""
    if be_the_child(sys.argv[1:] if argv is None else argv):
        return 0
    arguments = _parser().parse_args(argv)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    from PySide6.QtWidgets import QApplication

    from . import jobs, theme
    from .main_window import MainWindow
    from .settings import AppSettings

    application = QApplication.instance() or QApplication(sys.argv[:1])
    application.setApplicationName("Prism-H")
    application.setDesktopFileName("prism-h")
    settings = AppSettings()
    theme.apply(settings.theme, settings.text_size)
    window = MainWindow(settings)
    if arguments.project is not None:
        window.open_project(arguments.project, arguments.page or "photos")
    elif arguments.page not in (None, "start"):
        window.notice.say(f"The page {arguments.page} needs a project.", role="warning")
    if arguments.screenshot is not None:
        from .screenshot import Screenshot

        Screenshot(window, arguments.screenshot, arguments.page or ("photos" if arguments.project else "start"))
    window.show()

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        window.session.failed.emit(jobs.unexpected(error))

    sys.excepthook = report  # what goes wrong in a slot is said in the window, not in a terminal nobody sees
    return int(application.exec())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prismh", description="See which of your photos show the same kind of place.", allow_abbrev=False
    )
    parser.add_argument("project", nargs="?", type=Path, metavar="PROJECT", help="a project folder to open")
    parser.add_argument("--page", choices=PAGES, help="the page to begin with (default: photos, or start)")
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE.png", help="save a picture of the page, when it is loaded, and end"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
