"""How smooth the window is: frames of the map beside pyqtgraph's own scatter plot, and gaps between GUI events.

    python -m tests.benchmarks.window [map] [grid] [learning] [explore] [--epochs N] [--screenshot FOLDER]
        [--project FOLDER] [--photos N]

map: frames while panning and zooming, and what a hand waits for, at 10,000 to 1,000,000 points (`map_frames`).
grid: the Photos page with 100,000 photos: how long it takes to show, scroll, filter, search, sort and count.
learning: gaps seen by a 5-ms timer in the real window, idle and while it learns from drawn photos.
explore: only where it is named, since its project takes minutes to make: the same gaps for everything a person does on
    the Explore page with 100,000 photos.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .explore import PHOTOS, measure_explore
from .map_frames import measure_map

TIMER_MS = 5
GRID_PHOTOS, GRID_PICTURES, GRID_FRAMES = 100_000, 4000, 300


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what",
        nargs="*",
        default=["map", "grid", "learning"],
        help="map, grid, learning, explore; the first three where none is given",
    )
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--screenshot", type=Path, help="folder for pictures of the Learn page while it learns")
    parser.add_argument("--project", type=Path, help="a project for explore, of which a copy is used")
    parser.add_argument("--photos", type=int, default=PHOTOS, help="else how many photos its project has")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["PRISMH_CONFIG_HOME"] = os.environ["PRISMH_PROJECTS_HOME"] = home
        from PySide6.QtWidgets import QApplication

        from app import theme

        application = QApplication.instance() or QApplication(sys.argv[:1])
        theme.apply(theme.LIGHT, 1.0)
        if "map" in options.what:
            measure_map(application)
        if "grid" in options.what:
            measure_grid(application, Path(home))
        if "learning" in options.what:
            measure_learning(application, Path(home), options.epochs, options.screenshot)
        if "explore" in options.what:
            measure_explore(application, Path(home), options.project, options.photos)
    return 0


def measure_grid(application: Any, home: Path) -> None:
    """A project of a few drawn photos, whose page is given a list of 100,000 with pictures of their own."""
    import shiboken6

    from app.main_window import MainWindow
    from app.photo_list import PhotoList
    from app.settings import AppSettings
    from prismh_engine import jobs
    from prismh_engine.photos.scenes import write_scenes

    jobs.run(write_scenes(home / "few", 24))
    window = MainWindow(AppSettings())
    window.resize(1280, 800)
    window.show()
    window.open_folder(home / "few")
    gaps = Gaps(application)
    gaps.watch(window.loaded, 300)
    page: Any = window.page()
    began = time.perf_counter()
    photos = PhotoList(_many(window.session), _day)
    photos.prepare("newest")
    print(f"list of {GRID_PHOTOS:,} photos made in {time.perf_counter() - began:.2f} s, beside the window")

    def shown(call: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds by the clock and of the GUI thread's own work, which a busy machine does not stretch."""
        began, worked = time.perf_counter(), time.thread_time()
        call()
        application.processEvents()
        page._grid._view.viewport().repaint()
        return 1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - worked)

    def say(name: str, times: tuple[float, float]) -> None:
        print(f"{name:<34} {times[0]:>7.1f} {times[1]:>7.1f}", flush=True)

    bar, view = page._filters, page._grid._view
    print(f"{'milliseconds':<34} {'clock':>7} {'work':>7}")
    say("shown first", shown(lambda: page._photos_read(photos)))
    gaps.watch(lambda: not page._grid.loading(), 10)
    for name, call in {
        "filter: used": lambda: bar._chips.choose("used"),
        "filter: all": lambda: bar._chips.choose("all"),
        "search: july 07": lambda: (bar._search.setText("july 07"), bar._typing.stop(), bar.changed.emit()),
        "search: nothing": lambda: (bar._search.setText(""), bar._typing.stop(), bar.changed.emit()),
        **{f"sort: {action.data()}": action.trigger for action in bar._sort_actions.actions()},
        "all of them selected": view.selectAll,
        "one of them selected": lambda: page._grid.select([photos.select()[5000].id]),
        "20 photos more": lambda: page._photos_added(photos_of(window.session, 20)),
    }.items():
        say(name, shown(call))
        gaps.watch(lambda: not page._grid.loading(), 10)
    for name, step in {"scrolled by a third of a tile": 40, "scrolled by pages": 560}.items():
        view.verticalScrollBar().setValue(0)
        gaps.watch(lambda: not page._grid.loading(), 10)
        frames = []
        for _ in range(GRID_FRAMES):
            target = view.verticalScrollBar().value() + step
            frames.append(shown(lambda target=target: view.verticalScrollBar().setValue(target)))
            gaps.watch(lambda: False, max(0.0, 0.016 - frames[-1][0] / 1000))
        for part, of in (("median", 0.5), ("p95", 0.95), ("max", 1.0)):
            clock, work = np.quantile(np.array(frames), of, axis=0)
            say(f"{name}, {part}", (clock, work))
    window.close()
    shiboken6.delete(window)


def photos_of(session: Any, count: int) -> list[int]:
    return [photo.id for photo in session.project.photos.all()][:count]


def _day(day: str) -> str:
    from app import words

    return words.taken(day)


def _many(session: Any) -> list[Any]:
    """Photos with dates, verdicts and names as a season brings them; the first some thousand have their own picture."""
    from PIL import Image

    from prismh_engine.photos.kept_pictures import KeptPictures

    few = session.project.photos.all()
    pictures = KeptPictures(session.cache.folder)
    drawn = [Image.open(session.cache.thumbnail(photo.path, photo.look.content_hash)) for photo in few]
    many = []
    for number in range(GRID_PHOTOS):
        photo = few[number % len(few)]
        content = f"{number % GRID_PICTURES:064x}"
        if number < GRID_PICTURES:
            pictures.keep_thumbnail(drawn[number % len(few)], content)
        day, minute = divmod(number * 7, 720)
        taken = f"2026-{1 + day % 12:02}-{1 + day % 28:02}T{6 + minute // 60:02}:{minute % 60:02}:00"
        look = dataclasses.replace(
            photo.look, content_hash=content, taken_at=taken, sharpness=float(number * 37 % 1000), latitude=13.0
        )
        verdict = ("clean", "clean", "clean", "clean", "blurry", "dark", "duplicate", "outlier")[number * 5 % 8]
        file_path = f"photos/ward {number % 40}/IMG_{number * 7919 % GRID_PHOTOS:06}.jpg"
        many.append(
            dataclasses.replace(
                photo,
                id=1000 + number,
                file_path=file_path,
                look=look,
                verdict=verdict,
                overruled=None,
                outlier_distance=number * 11 % 100 / 100,
            )
        )
    return many


class Gaps:
    """The time between two firings of a timer in the GUI thread, beyond what the timer itself waits for."""

    def __init__(self, application: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._application = application
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self.seen: list[float] = []
        self.work: list[float] = []
        """What the GUI thread itself worked in each gap, in milliseconds, which a busy machine does not stretch."""
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fired)

    def watch(self, until: Callable[[], bool], seconds: float) -> np.ndarray:
        """Run the event loop until something holds, at most so long; the gaps in milliseconds."""
        self.seen, self.work = [], []
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer.start(TIMER_MS)
        end = time.perf_counter() + seconds
        from PySide6.QtCore import QEventLoop

        loop = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        while not until() and time.perf_counter() < end:
            self._application.processEvents(loop)
        self._timer.stop()
        return np.array(self.seen)

    def _fired(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.seen.append(1000 * (now - self._last))
        self.work.append(1000 * (worked - self._worked))
        self._last, self._worked = now, worked


def measure_learning(application: Any, home: Path, epochs: int, screenshots: Path | None) -> None:
    import shiboken6

    from app.main_window import MainWindow
    from app.session import LEARNING
    from app.settings import AppSettings
    from prismh_engine import jobs
    from prismh_engine.models.simclr.settings import TrainSettings
    from prismh_engine.photos.scenes import write_scenes
    from prismh_engine.settings import resolve

    photos = home / "photos"
    jobs.run(write_scenes(photos, 120))
    window = MainWindow(AppSettings())
    window.resize(1280, 800)
    window.show()
    session, gaps = window.session, Gaps(application)
    window.open_folder(photos)
    reading = gaps.watch(window.loaded, 600)
    window.show_page("training")
    page: Any = window.page()
    page._times.stop()
    gaps.watch(lambda: page.loaded(), 300)
    idle = gaps.watch(lambda: False, 5)
    flags = {"project": str(session.project.folder), "preset": "quick", "epochs": epochs}
    page._run_is_new = True
    session.start_learning(resolve(TrainSettings, flags, environment={}))
    getting_ready = gaps.watch(lambda: session.progress is not None and "loss" in session.progress.metrics, 300)
    learning = gaps.watch(lambda: session.running_kind != LEARNING, 30)
    if screenshots is not None:
        from app import theme

        for name in (theme.LIGHT, theme.DARK):
            theme.apply(name, 1.0)
            gaps.watch(lambda: False, 0.5)
            window.grab().save(str(screenshots / f"learning_{name}.png"))
        theme.apply(theme.LIGHT, 1.0)
    more = gaps.watch(lambda: session.running_kind != LEARNING, 600)
    afterwards = gaps.watch(lambda: session.running_kind is None, 600)
    if screenshots is not None:
        gaps.watch(lambda: False, 0.5)
        window.grab().save(str(screenshots / "learned.png"))
    window.close()
    shiboken6.delete(window)
    print(f"{'gaps between GUI events, ms':<34} {'median':>7} {'p99':>7} {'max':>7}")
    for name, seen in {
        "idle": idle, "reading photos, instant map": reading, "getting ready (imports torch)": getting_ready,
        "learning": np.concatenate([learning, more]), "what learning changed": afterwards,
    }.items():  # fmt: skip
        if len(seen):
            print(f"{name:<34} {np.median(seen):>7.1f} {np.quantile(seen, 0.99):>7.1f} {seen.max():>7.1f}")


if __name__ == "__main__":
    raise SystemExit(main())
