"""By which limits photos are set aside: what others would do is seen before they are used."""

from __future__ import annotations

import shutil

from PySide6.QtCore import Qt

from prismh_engine.photos.verdicts import Thresholds

from .windows import MS_TO_READ, click, find, trigger, wait_until_read, waiting


def test_limits_say_what_they_would_set_aside_and_change_nothing_until_they_are_used(qtbot, window, grid):
    click(qtbot, window, "show_limits")
    total = find(window, "limits_total")
    qtbot.waitUntil(lambda: "set aside" in total.text(), timeout=MS_TO_READ)
    before = [(photo.id, photo.verdict) for photo in window.session.project.photos.all()]
    slider = find(window, "limit_blurry")
    slider.setValue(slider.maximum())
    sharpest = slider.maximum() * 5
    blurry = sum(photo.look.sharpness < sharpest for photo in grid.photos())
    qtbot.waitUntil(lambda: f"{blurry} photo" in find(window, "count_blurry").text(), timeout=MS_TO_READ)
    assert [(photo.id, photo.verdict) for photo in window.session.project.photos.all()] == before
    assert window.session.project.thresholds == Thresholds()


def test_limits_that_are_used_judge_again_without_a_photo_and_are_kept(qtbot, window, grid, mapped):
    shutil.rmtree(mapped.parent / "photos")
    trigger(window, "show_limits_action")
    slider = find(window, "limit_dark")
    qtbot.keyClick(slider, Qt.Key.Key_End)
    click(qtbot, window, "use_limits")
    wait_until_read(qtbot, window)
    limit = window.session.project.thresholds.dark
    assert limit == 100
    dark = {photo.id for photo in grid.photos() if photo.look.brightness < limit}
    assert {photo.id for photo in grid.photos() if "Too dark" in photo.reason} == dark
    click(qtbot, window, "usual_limits")
    click(qtbot, window, "use_limits")
    wait_until_read(qtbot, window)
    assert window.session.project.thresholds == Thresholds()
    click(qtbot, window, "close_limits")
    assert find(window, "photo_details").isVisible()


def test_a_limit_moved_by_hand_is_refused_nothing_while_something_runs(qtbot, window):
    click(qtbot, window, "show_limits")
    find(window, "limit_dark").setValue(40)
    assert find(window, "use_limits").isEnabled()
    window.session.start_reading(waiting)
    assert not find(window, "use_limits").isEnabled()
    window.session.stop()
    qtbot.waitUntil(lambda: find(window, "use_limits").isEnabled())
