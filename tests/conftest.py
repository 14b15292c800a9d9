"""What every test stands on: its own home folder, photos drawn for it, and a check that nothing outlives it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before Qt is imported by anything: tests need no screen. A developer who wants to watch sets the variable.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYSIDE6_OPTION_LAZY", "0")  # as the window sets it

SHARED = Path(__file__).parents[2] / "shared"
_PASSED = pytest.StashKey[bool]()


def _home_variables(home: Path) -> dict[str, str]:
    """The environment that keeps the program's settings, projects and cache below `home`."""
    return {
        "PRISMH_CONFIG_HOME": str(home / "settings"),
        "PRISMH_PROJECTS_HOME": str(home / "projects"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(home / "local"),
        "WIN_PD_OVERRIDE_APPDATA": str(home / "roaming"),
    }


def _user_cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("prism-h", appauthor=False))


def _lend_starter(models: list[tuple[Path, Path]]) -> None:
    """Put the starter's ONNX files, which set-up made, into the cache folder in force now."""
    for source, relative in models:
        target = _user_cache() / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            try:
                target.hardlink_to(source)
            except OSError:  # another disk
                target.write_bytes(source.read_bytes())


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Path, Path]]]:
    """A home for what session-wide fixtures do; gives the starter's files in the real cache."""
    real = _user_cache()
    models = [(path, path.relative_to(real)) for path in real.rglob("*.onnx")] if real.is_dir() else []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _home_variables(tmp_path_factory.mktemp("session-home")).items():
            patch.setenv(name, value)
        _lend_starter(models)
        yield models


@pytest.fixture(autouse=True)
def home(
    _session_home: list[tuple[Path, Path]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The folder that holds this test's settings, projects and cache."""
    folder = tmp_path_factory.mktemp("home")
    for name, value in _home_variables(folder).items():
        monkeypatch.setenv(name, value)
    _lend_starter(_session_home)
    return folder


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 small photos, drum_0.jpg ... puddle_7.jpg: three kinds, eight of each. Copy the folder before changing it."""
    from prismh_engine.photos import scenes

    folder = tmp_path_factory.mktemp("photos")
    for kind in ("drum", "tyre", "puddle"):
        for number in range(8):
            image = scenes.draw_scene(kind, number, (320, 240))
            image.save(folder / f"{kind}_{number}.jpg", quality=90, exif=scenes.scene_exif(number))
    return folder


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A new project without photo folders, open for the length of the test."""
    from prismh_engine.project import Project

    with Project.create(tmp_path_factory.mktemp("made") / "project", "Test project") as made:
        yield made


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos some developers keep beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real example photos is not beside this checkout")
    return SHARED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
def _nothing_outlives_the_test(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    """Fail a window test that leaves a thread, a running timer or animation, or a window behind.

    Set up before the test's own fixtures, so that it looks when they have cleaned up. A test that failed by itself
    is not judged: its frames keep everything alive.
    """
    if "qtbot" not in request.fixturenames:
        yield
        return
    qapp = request.getfixturevalue("qapp")
    threads, qt_before = set(threading.enumerate()), {id(thing) for thing in active_qt_things()}
    windows = set(qapp.topLevelWidgets())
    yield
    if request.node.stash.get(_PASSED, False):
        left = left_behind(qapp, threads, qt_before, windows)
        assert not left, "outlived the test: " + ", ".join(left)


def left_behind(qapp: Any, threads: set[threading.Thread], qt_before: set[int], windows: set[Any]) -> list[str]:
    from PySide6.QtCore import QEvent, QThreadPool
    from PySide6.QtWidgets import QToolTip

    QToolTip.hideText()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    gc.collect()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = []
    for thread in set(threading.enumerate()) - threads:
        # Python keeps a dummy entry for each QThread it has seen, also when that has ended.
        if not isinstance(thread, threading._DummyThread):
            thread.join(2.0)
            if thread.is_alive():
                left.append(f"thread {thread.name}")
    if not QThreadPool.globalInstance().waitForDone(2000):
        left.append("a task of the global QThreadPool")
    left += [_described(thing) for thing in active_qt_things() if id(thing) not in qt_before]
    # A tooltip belongs to Qt, which deletes it when it likes.
    left += [
        f"window {_described(widget)}"
        for widget in set(qapp.topLevelWidgets()) - windows
        if widget.metaObject().className() != "QTipLabel"
    ]
    return left


def active_qt_things() -> list[Any]:
    """Every running QThread, timer and animation that Python knows of."""
    import shiboken6
    from PySide6.QtCore import QAbstractAnimation, QThread, QTimer

    found = []
    for thing in gc.get_objects():
        kind = type(thing)
        if not issubclass(kind, (QThread, QTimer, QAbstractAnimation)) or not shiboken6.isValid(thing):
            continue
        if issubclass(kind, QThread):
            active = thing.isRunning() and thing.thread() is not thing
        elif issubclass(kind, QTimer):
            active = thing.isActive()
        else:
            active = thing.state() == QAbstractAnimation.State.Running
        if active:
            found.append(thing)
    return found


def _described(thing: Any) -> str:
    parent = thing.parent()
    owner = f" of {type(parent).__name__}" if parent is not None else ""
    return f"{type(thing).__name__} {thing.objectName()!r}{owner}"


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """On a busy machine the threads of small steps wait for each other nearly all of the time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
