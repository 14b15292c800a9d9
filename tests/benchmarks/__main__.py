"""`make bench`: how long the road and the window take on this machine, measured part by part."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prismh_engine import jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.extract_embeddings import extract_project
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.core.map_embeddings import map_project
from prismh_engine.photos.scenes import write_scenes
from prismh_engine.project import Project

_BARE_WINDOW = """
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
application.processEvents()
"""
_START_PAGE = """
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.main_window import MainWindow
from app.settings import AppSettings
window = MainWindow(AppSettings())
window.show()
application.processEvents()
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--photos", type=int, default=300, help="how many sample photos (default 300)")
    road(parser.parse_args().photos)
    window()


def road(count: int) -> None:
    """From drawn photos to the instant map, each part's wall and processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        _measure("drawing the photos", count, lambda: jobs.run(write_scenes(photos, count)))
        with Project.create(Path(folder, "project")) as project:
            project.add_folder(photos)
            _measure("first look", count, lambda: jobs.run(look_at_project(project)))
            _measure("starter features", count, lambda: jobs.run(extract_project(project)))
            _measure("groups", count, lambda: jobs.run(cluster_project(project)))
            _measure("map", count, lambda: jobs.run(map_project(project)))


def window() -> None:
    """How long the first frame takes, from the start of Python, beside a bare Qt window; the best of three."""
    bare, ours = (min(_seconds(code) for _ in range(3)) for code in (_BARE_WINDOW, _START_PAGE))
    print(f"{'first frame':<22}{ours:>9.2f} s{ours / bare:>12.2f} times a bare window ({bare:.2f} s)")


def _measure(what: str, count: int, work: Callable[[], Any]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what:<22}{wall:>9.2f} s{1000 * processor / count:>12.1f} ms of processor time a photo", flush=True)


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
