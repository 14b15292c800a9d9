"""How smooth the window is: frames of the map beside pyqtgraph's own scatter plot, and gaps between GUI events.

    python -m tests.benchmarks.window [map] [learning] [--epochs N] [--screenshot FOLDER]

map: milliseconds a frame while panning, and of a look-up under the pointer, at 10,000 to 1,000,000 points.
learning: gaps seen by a 5-ms timer in the real window, idle and while it learns from drawn photos.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TIMER_MS = 5
ROUNDS = 15


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["map", "learning"], help="map, learning; both where none is given")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--screenshot", type=Path, help="folder for pictures of the Learn page while it learns")
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
        if "learning" in options.what:
            measure_learning(application, Path(home), options.epochs, options.screenshot)
    return 0


def measure_map(application: Any) -> None:
    """Median milliseconds a frame of both, and their ratio, in rounds that alternate."""
    import pyqtgraph
    import shiboken6

    from app import theme
    from app.widgets.embedding_map import EmbeddingMap

    print(f"{'points':>9} {'ours ms':>9} {'scatter ms':>11} {'ratio':>6} {'hover ms':>9} {'set ms':>7}")
    for count in (10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(0)
        centres = rng.normal(size=(12, 2)) * 6
        groups = rng.integers(0, 12, count).astype(np.int32)
        positions = (centres[groups] + rng.normal(size=(count, 2))).astype(np.float32)
        colours = [theme.group_colour(number) for number in range(12)]
        ours = EmbeddingMap()
        ours.resize(1200, 800)
        ours.show()
        began = time.perf_counter()
        ours.set_groups([f"Group {number}" for number in range(12)], colours)
        ours.set_points(positions, groups)
        set_ms = 1000 * (time.perf_counter() - began)
        theirs = pyqtgraph.PlotWidget()
        theirs.resize(1200, 800)
        theirs.hideAxis("left")
        theirs.hideAxis("bottom")
        brushes = [pyqtgraph.mkBrush(colour) for colour in colours]
        scatter = pyqtgraph.ScatterPlotItem(size=5, pen=None)
        scatter.setData(pos=positions, brush=[brushes[group] for group in groups])
        theirs.addItem(scatter)
        theirs.disableAutoRange()
        theirs.show()
        application.processEvents()

        def pan_ours(ours: EmbeddingMap = ours) -> None:
            ours.pan(0.002, 0.001)
            ours._graphics.viewport().repaint()

        def pan_theirs(theirs: Any = theirs) -> None:
            theirs.getViewBox().translateBy(x=0.01, y=0.01)
            theirs.viewport().repaint()

        x, y = (float(value) for value in positions[0])
        radius = 9 * ours._box.viewPixelSize()[0]
        one, other, hover = _alternating(
            pan_ours, pan_theirs, lambda ours=ours, x=x, y=y, radius=radius: ours._raster.nearest(x, y, radius)
        )
        print(f"{count:>9,} {one:>9.1f} {other:>11.1f} {other / one:>6.1f} {hover:>9.2f} {set_ms:>7.0f}", flush=True)
        for widget in (ours, theirs):
            widget.close()
            shiboken6.delete(widget)


def _alternating(*calls: Callable[[], object]) -> list[float]:
    taken = [[] for _ in calls]
    for number in range(ROUNDS + 1):
        for call, times in zip(calls, taken, strict=True):
            began = time.perf_counter()
            call()
            if number:  # the first one also fills caches
                times.append(1000 * (time.perf_counter() - began))
    return [float(np.median(times)) for times in taken]


class Gaps:
    """The time between two firings of a timer in the GUI thread, beyond what the timer itself waits for."""

    def __init__(self, application: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._application = application
        self._last = time.perf_counter()
        self.seen: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fired)

    def watch(self, until: Callable[[], bool], seconds: float) -> np.ndarray:
        """Run the event loop until something holds, at most so long; the gaps in milliseconds."""
        self.seen = []
        self._last = time.perf_counter()
        self._timer.start(TIMER_MS)
        end = time.perf_counter() + seconds
        from PySide6.QtCore import QEventLoop

        loop = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        while not until() and time.perf_counter() < end:
            self._application.processEvents(loop)
        self._timer.stop()
        return np.array(self.seen)

    def _fired(self) -> None:
        now = time.perf_counter()
        self.seen.append(1000 * (now - self._last))
        self._last = now


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
    window.show_page("photos")
    reading = gaps.watch(lambda: session.running_kind is None, 600)
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
