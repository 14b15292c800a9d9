"""What a person does on the Explore page with a project of 100,000 photos: for how long the window stands still.

Part of `python -m tests.benchmarks.window explore [--project FOLDER] [--photos N]`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PHOTOS, HEAPS, DIMENSION = 100_000, 12, 64
LASSO_PHOTOS = 20_000
MOST_SECONDS = 60
IDLE_SECONDS = 3


def write_project(folder: Path, count: int) -> Path:
    """A project of photos without files, in heaps of look-alikes, with dates and places; return its folder."""
    from prismh_engine import jobs
    from prismh_engine.core.cluster_embeddings import cluster_project
    from prismh_engine.photos.record import FoundPhoto, Look
    from prismh_engine.project import Map, Project
    from prismh_engine.project.feature_sets import Encoder

    photos = folder / "photos"
    photos.mkdir(parents=True)
    rng = np.random.default_rng(0)
    heaps = rng.integers(0, HEAPS, count)
    moments = np.datetime64("2024-06-01") + rng.integers(0, 200 * 86_400, count).astype("timedelta64[s]")
    places = np.array([12.9, 77.6]) + rng.normal(scale=0.05, size=(count, 2))
    contents = [f"{number:064x}" for number in range(count)]
    with Project.create(folder / "project") as project:
        folder_id = project.add_folder(photos).id
        looks = []
        for number, content in enumerate(contents):
            known: dict[str, Any] = {}
            if number % 10:
                known = {"taken_at": str(moments[number]), "taken_at_source": "exif"}
            if number % 3 == 0:
                known |= {"latitude": float(places[number, 0]), "longitude": float(places[number, 1])}
            relative = f"{number // 1000:03}/{number:06}.jpg"
            look = Look(content_hash=content, width=640, height=480, **known)
            looks.append((FoundPhoto(photos / relative, relative, 1000, 1, 1), look))
        ids = np.array(project.photos.record(folder_id, looks))
        features = project.features.ensure("starter", Encoder("efficientnet_lite0", "0" * 64, 224, DIMENSION))
        centres = rng.normal(size=(HEAPS, DIMENSION))
        features.append(contents, (centres[heaps] + rng.normal(scale=0.7, size=(count, DIMENSION))).astype(np.float32))
        jobs.run(cluster_project(project))
        on_map = 30 * rng.normal(size=(HEAPS, 2))[heaps] + rng.normal(scale=8, size=(count, 2))
        made = Map("tsne", {"seed": 0, "perplexity": 30, "finished": True, "placed": 0}, ids, on_map.astype(np.float32))
        project.maps.save(project.features.get("starter"), made)
    return folder / "project"


class Acts:
    """Does what a person does and prints, for each act, the median, the 99th percentile and the longest of the gaps
    between GUI events until all has come to rest, the most work that the GUI thread did in one gap, and when the act
    was seen and when all had come to rest.
    """

    def __init__(self, application: Any, window: Any) -> None:
        from .window import Gaps

        self._window, self._gaps = window, Gaps(application)
        print(f"{'milliseconds':<34} {'median':>7} {'p99':>7} {'max':>7} {'work':>7} {'seen':>7} {'at rest':>8}")

    def act(
        self, name: str, do: Callable[[], object], seen: Callable[[], bool] = lambda: True, *, rests: bool = True
    ) -> None:
        """seen: whether what was done is seen. rests: whether the page comes to rest after it."""
        from PySide6.QtCore import QTimer

        began = time.perf_counter()
        at: dict[str, float] = {}

        def at_rest() -> bool:
            if "done" in at and "seen" not in at and seen():
                at["seen"], at["gaps"] = time.perf_counter(), len(self._gaps.seen)
            # The timer fires once more, so that what was seen last is counted too.
            return "seen" in at and len(self._gaps.seen) > at["gaps"] + 1 and (not rests or self._window.loaded())

        def done() -> None:
            do()
            at["done"] = time.perf_counter()

        QTimer.singleShot(0, done)
        gaps = self._gaps.watch(at_rest, MOST_SECONDS)
        rest = time.perf_counter()
        quantiles = np.quantile(gaps, (0.5, 0.99, 1)) if len(gaps) else np.zeros(3)
        times = [*quantiles, max(self._gaps.work, default=0), 1000 * (at.get("seen", np.inf) - began)]
        print(f"{name:<34} {' '.join(f'{value:>7.0f}' for value in times)} {1000 * (rest - began):>8.0f}", flush=True)

    def idle(self) -> None:
        """The gaps while nobody does anything, which are those of a busy machine."""
        end = time.perf_counter() + IDLE_SECONDS
        self.act("nothing done", lambda: None, lambda: time.perf_counter() > end)


def measure_explore(application: Any, home: Path, project: Path | None, photos: int) -> None:
    """project: one that is there already, of which a copy is used."""
    import shiboken6

    from app.main_window import MainWindow
    from app.settings import AppSettings

    folder = home / "explore"
    if project is None:
        began = time.perf_counter()
        folder = write_project(folder, photos)
        print(f"project of {photos:,} photos made in {time.perf_counter() - began:.0f} s")
    else:
        shutil.copytree(project, folder)
    window = MainWindow(AppSettings())
    window.resize(1280, 800)
    window.show()
    application.processEvents()
    try:
        do_everything(Acts(application, window), window, folder)
    finally:
        window.close()
        shiboken6.delete(window)


def do_everything(acts: Acts, window: Any, folder: Path) -> None:
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QPainterPath

    session, act = window.session, acts.act
    acts.idle()
    act(
        "project opened",
        lambda: window.open_folder(folder),
        lambda: session.project is not None and bool(window.page()._grid.photos()),
    )
    act("Explore opened", lambda: window.show_page("explore"), lambda: bool(len(window.page()._ids)))
    acts.idle()
    page = window.page()
    side, selecting, tools, embedding_map = page._side, page._selecting, page._tools, page._views.map
    panel, slider = side.selection, tools.slider._slider

    def contents() -> Any:
        return page._contents

    def name_of(number: int) -> str:
        return str(contents().group(number).name)

    def largest() -> int:
        return max(contents().groups, key=lambda group: len(group.photo_ids)).number

    # Coarser and finer
    groups = contents().grouping.groups
    slider.setSliderDown(True)
    for step in (1, 2, 3, 6):
        act(f"slider drawn to {groups + step} groups", lambda step=step: slider.setValue(groups + step), rests=False)
    act("slider let go", lambda: slider.setSliderDown(False), lambda: contents().grouping.groups == groups + 6)
    act("undone: coarser again", window._decisions.undo, lambda: contents().grouping.groups == groups)

    # Selecting
    act("a group chosen in the list", lambda: side.groups.chosen.emit(0), lambda: len(panel.grid.photos()) > 2000)
    act("one of its photos chosen", lambda: panel.grid.select([panel.grid.photos()[40].id]))
    act("all of its photos chosen", panel.grid._view.selectAll)
    act("back to all groups", panel.closed.emit, side.shows_groups)

    pixels = np.array([embedding_map.pixel_of(i).toTuple() for i in range(0, len(page._ids), 50)])
    middle = np.median(pixels, axis=0)
    share = LASSO_PHOTOS / len(page._ids)
    radius = float(np.quantile(np.hypot(*(pixels - middle).T), min(1.0, share)))
    lasso = QPainterPath()
    lasso.addEllipse(QPointF(*(middle - 1)), radius, radius)
    no_key = Qt.KeyboardModifier.NoModifier
    act("lasso of 20,000", lambda: embedding_map._outlined(lasso, no_key), lambda: side.shows(panel))
    act("all photos of the map selected", lambda: embedding_map._user_selects(np.arange(len(page._ids))))
    act("back to all groups", panel.closed.emit, side.shows_groups)

    # Names
    act("a group chosen in the list", lambda: side.groups.chosen.emit(0), lambda: side.shows(panel))
    act("a group named", lambda: panel.named.emit("Trees"), lambda: name_of(0) == "Trees")
    act("undone", window._decisions.undo, lambda: not name_of(0))
    act("done again", window._decisions.redo, lambda: name_of(0) == "Trees")
    act("lasso of 20,000", lambda: embedding_map._outlined(lasso, no_key), lambda: len(panel.grid.photos()) > 0)
    act("20,000 photos named", lambda: panel.named.emit("Middle"), lambda: "Middle" in contents().counts)
    act("undone", window._decisions.undo, lambda: "Middle" not in contents().counts)
    act("another group chosen", lambda: side.groups.chosen.emit(1), lambda: side.shows(panel))
    act("another group named", lambda: panel.named.emit("Roads"), lambda: name_of(1) == "Roads")
    named = sum(contents().counts.values())
    few = contents().group(2).photo_ids[:200]
    act("200 photos named", lambda: selecting._edits.name_photos(few, "Sand"), lambda: "Sand" in contents().counts)
    suggested = selecting._suggested.suggestions.names
    print(f"  ({len(suggested):,} names are suggested)")
    act("suggested names shown", side.suggestions_wanted.emit, lambda: selecting._selected.accepts)
    act("suggested names accepted", panel.accepted.emit, lambda: sum(contents().counts.values()) > named + len(few))
    act("undone", window._decisions.undo, lambda: sum(contents().counts.values()) == named + len(few))
    act("Name these next", page._next.click, lambda: side.shows(side.naming))
    act("the first of them named", lambda: side.naming._give("Roads"))

    # Questions
    act("a group chosen in the list", lambda: side.groups.chosen.emit(2), lambda: side.shows(panel))
    act("Similar to a group", lambda: panel.asked.emit("similar"), lambda: selecting._selected.title != "")
    act("Unusual of all", lambda: side.asked_of_all.emit("unusual"), lambda: "Unusual" in selecting._selected.title)
    act(
        "Near duplicates of all",
        lambda: side.asked_of_all.emit("near_duplicates"),
        lambda: "dup" in selecting._selected.title,
    )

    # Groups
    before = contents().grouping.groups
    act("a group chosen in the list", lambda: side.groups.chosen.emit(largest()), lambda: side.shows(panel))
    act("Split", lambda: panel.asked.emit("split"), lambda: contents().grouping.groups == before + 1)
    act("a group chosen in the list", lambda: side.groups.chosen.emit(0), lambda: side.shows(panel))
    act("Join", lambda: panel.join_chosen.emit(1), lambda: contents().grouping.groups == before)

    # Colours, dates, places
    for way in ("date", "name", "verdict", "place", "folder", "group"):
        act(f"coloured by {way}", lambda way=way: tools.colour_chosen.emit(way))
    first, last = page._timeline._bars.bins.span
    third = (last - first) / 3
    for name, chosen in {
        "a third of the dates": (first, first + third), "the next third": (first + third, last - third),
        "all dates": None,
    }.items():  # fmt: skip
        act(name, lambda chosen=chosen: page._timeline.range_chosen.emit(chosen))
    act("By place", lambda: tools.view_chosen.emit("by_place"))
    act("By look again", lambda: tools.view_chosen.emit("instant"))

    # Pages
    act("to Photos", lambda: window.show_page("photos"), lambda: bool(window.page()._grid.photos()))
    act("to Explore", lambda: window.show_page("explore"), lambda: bool(len(page._ids)))
    act("to Export", lambda: window.show_page("export"))
    act("to Explore", lambda: window.show_page("explore"), lambda: bool(len(page._ids)))
    act("closed", session.close_project, lambda: session.project is None)
