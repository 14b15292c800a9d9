"""The map beside pyqtgraph's own scatter plot: frames while panning and zooming, and what a hand waits for.

Milliseconds as median and 95th percentile, by the clock and of the processor, which a busy machine stretches less.
In a real window under Xvfb with QT_QPA_PLATFORM=xcb, else offscreen.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

COUNTS = (10_000, 100_000, 1_000_000)
SIZES = ((1280, 800), (1920, 1080))
FRAMES = 40
LOOK_UPS = 200
GROUPS = 12


def measure_map(application: Any) -> None:
    for count in COUNTS:
        positions, groups = clustered(count)
        print(f"\n{count:,} points")
        columns = "".join(f"{name:>8}" for name in ("median", "p95", "cpu", "cpu p95"))
        print(f"{'':<34}{columns}   scatter:{columns}")
        for size in SIZES:
            with _ours(application, size, positions, groups) as (ours, build, grown):
                with _theirs(application, size, positions, groups) as (theirs, their_build, their_grown):
                    _frames(f"{size[0]} x {size[1]}", ours, theirs)
                    with _ours(application, size, positions, groups, bare=True) as (bare, _, _):
                        _frames(f"{size[0]} x {size[1]}, dots alone", bare, theirs)
                if size == SIZES[0]:
                    _hand(ours, positions, groups)
                    _say("build, to the first frame", np.array([build]), np.array([their_build]))
                    print(f"{'memory, MB':<34}{grown:>8.0f}{'':>35}{their_grown:>8.0f}")
    with _ours(application, SIZES[0], *crowded(COUNTS[-1])) as (ours, _, _):
        _say(f"hover, {COUNTS[-1]:,} in one spot", _look_ups(ours))


def clustered(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in round groups, some of which meet."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, GROUPS, count).astype(np.int32)
    return (rng.normal(size=(GROUPS, 2))[groups] * 6 + rng.normal(size=(count, 2))).astype(np.float32), groups


def crowded(count: int) -> tuple[np.ndarray, np.ndarray]:
    """All but two points in a ten-thousandth of the map's width."""
    positions, groups = clustered(count)
    positions *= 1e-4
    positions[:2] = [-9, -9], [9, 9]
    return positions, groups


def _frames(what: str, ours: Any, theirs: Any) -> None:
    """Each step moves by a little more than a pixel; zooming goes in eightfold and out again."""
    steps = np.concatenate([np.full(FRAMES // 2, 8 ** (2 / FRAMES)), np.full(FRAMES // 2, 8 ** (-2 / FRAMES))])
    view = theirs.getViewBox()
    every = 1 if len(ours.positions) < COUNTS[-1] else 5  # half a second each

    def pan_ours(_: float) -> None:
        ours.pan(0.002, 0.001)
        ours._graphics.viewport().repaint()

    def zoom_ours(factor: float) -> None:
        ours.zoom(factor)
        ours._graphics.viewport().repaint()

    def pan_theirs(_: float) -> None:
        view.translateBy(x=0.002 * view.viewRect().width(), y=0.001 * view.viewRect().height())
        theirs.viewport().repaint()

    def zoom_theirs(factor: float) -> None:
        view.scaleBy((1 / factor, 1 / factor))
        theirs.viewport().repaint()

    for name, one, other in (("pan", pan_ours, pan_theirs), ("zoom", zoom_ours, zoom_theirs)):
        mine, scatter = [], []
        for number, step in enumerate((1.0, *steps)):
            mine.append(_taken(lambda one=one, step=step: one(step)))
            if number % every == 0:
                scatter.append(_taken(lambda other=other, step=step: other(step)))
        _say(f"{name}, {what}", np.array(mine[1:]), np.array(scatter[1:]))


def _hand(ours: Any, positions: np.ndarray, groups: np.ndarray) -> None:
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QPainterPath, QPolygonF

    from app import palette
    from app.widgets.map_view import LASSO

    viewport = ours._graphics.viewport()
    ours.fit()
    _say("hover", _look_ups(ours))
    ours.set_tool(LASSO)
    turn = np.linspace(0, 2 * np.pi, 300)
    wobble = 0.3 + 0.05 * np.sin(9 * turn)
    corners = [
        QPointF(viewport.width() * (0.5 + w * np.cos(t)), viewport.height() * (0.5 + w * np.sin(t)))
        for t, w in zip(turn, wobble, strict=True)
    ]
    path = QPainterPath()
    path.addPolygon(QPolygonF(corners))
    path.setFillRule(Qt.FillRule.WindingFill)
    key = Qt.KeyboardModifier.NoModifier
    _say("lasso, to the selection", _several(lambda _: ours._box.outlined.emit(path, key)))
    _say("lasso, and painted", _several(lambda _: (ours._box.outlined.emit(path, key), viewport.repaint())))
    ours.select(np.empty(0, np.int64))
    rng = np.random.default_rng(1)
    codes = [rng.integers(0, 30, len(groups)).astype(np.int32) for _ in range(2)]
    colours = [palette.group_colour(number) for number in range(30)]
    masks = [rng.random(len(groups)) < 0.5 for _ in range(2)]
    _say(
        "coloured anew, painted",
        _several(lambda n: (ours.set_colouring(codes[n % 2], colours), viewport.repaint())),
    )
    _say("filtered, painted", _several(lambda n: (ours.set_shown(masks[n % 2]), viewport.repaint())))
    ours.set_shown(None)
    _say("taken down to be saved", _several(lambda _: ours.picture(), 5))
    _say(
        "moved to other places, painted",
        _several(lambda n: (ours.move_points(positions if n % 2 else positions[::-1]), viewport.repaint()), 5),
    )


def _look_ups(ours: Any) -> np.ndarray:
    """What a move of the pointer over a point costs, with all that hangs on it but the next frame."""
    rng = np.random.default_rng(2)
    indices = rng.integers(0, len(ours.positions), LOOK_UPS)
    places = [ours._graphics.viewport().mapFrom(ours, ours.pixel_of(int(index)).toPoint()) for index in indices]
    return np.array([_taken(lambda place=place: ours._hovers(ours._graphics.mapToScene(place))) for place in places])


@contextmanager
def _ours(
    application: Any, size: tuple[int, int], positions: np.ndarray, groups: np.ndarray, *, bare: bool = False
) -> Iterator[tuple[Any, tuple[float, float], float]]:
    """bare: without tint and names, which a scatter plot has not."""
    from app import palette
    from app.widgets.embedding_map import EmbeddingMap

    shown = EmbeddingMap(tinted=not bare)
    _on_screen(application, shown, size)

    def build() -> None:
        shown.set_points(positions, groups)
        names = [""] * GROUPS if bare else [f"Group {n}" for n in range(GROUPS)]
        shown.set_groups(names, [palette.group_colour(n) for n in range(GROUPS)])
        shown._graphics.viewport().repaint()

    taken, grown = _grown(build)
    yield shown, taken, grown
    _close(shown)


@contextmanager
def _theirs(
    application: Any, size: tuple[int, int], positions: np.ndarray, groups: np.ndarray
) -> Iterator[tuple[Any, tuple[float, float], float]]:
    import pyqtgraph

    from app import palette

    shown = pyqtgraph.PlotWidget()
    shown.hideAxis("left")
    shown.hideAxis("bottom")
    _on_screen(application, shown, size)

    def build() -> None:
        brushes = [pyqtgraph.mkBrush(palette.group_colour(n)) for n in range(GROUPS)]
        scatter = pyqtgraph.ScatterPlotItem(size=5, pen=None)
        scatter.setData(pos=positions, brush=[brushes[group] for group in groups])
        shown.addItem(scatter)
        shown.disableAutoRange()
        shown.viewport().repaint()

    taken, grown = _grown(build)
    yield shown, taken, grown
    _close(shown)


def _on_screen(application: Any, shown: Any, size: tuple[int, int]) -> None:
    shown.resize(*size)
    shown.show()
    end = time.perf_counter() + 10
    while not shown.windowHandle().isExposed() and time.perf_counter() < end:
        application.processEvents()  # until then a repaint paints nothing
    for _ in range(5):
        application.processEvents()


def _close(shown: Any) -> None:
    import shiboken6

    shown.close()
    shiboken6.delete(shown)
    gc.collect()


def _grown(call: Callable[[], object]) -> tuple[tuple[float, float], float]:
    """What a call takes, and by how many megabytes the process is larger after it."""
    import psutil

    before = psutil.Process().memory_info().rss
    taken = _taken(call)
    return taken, (psutil.Process().memory_info().rss - before) / 1e6


def _several(call: Callable[[int], object], times: int = 15) -> np.ndarray:
    call(0)
    return np.array([_taken(lambda number=number: call(number)) for number in range(1, times + 1)])


def _taken(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)


def _say(name: str, mine: np.ndarray, scatter: np.ndarray | None = None) -> None:
    columns = [f"{name:<34}", _summary(mine)]
    if scatter is not None:
        columns.append(f"{'':<11}{_summary(scatter)}")
    print("".join(columns), flush=True)


def _summary(taken: np.ndarray) -> str:
    clock, processor = np.atleast_2d(taken).T
    return "".join(f"{value:>8.2f}" for of in (clock, processor) for value in np.quantile(of, [0.5, 0.95]))
