from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from prismh_engine.errors import PrismhError
from prismh_engine.project import Grouping, Project, history

from ..invented import add_features, fill_with_embeddings


def _photos(project: Project, tmp_path: Path, count: int = 6) -> list[int]:
    return [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(count))]


def _grouping(photo_ids: list[int], clusters: list[int]) -> Grouping:
    zeros = np.zeros(len(clusters), np.float32)
    return Grouping("kmeans", {}, {}, np.array(photo_ids), np.array(clusters, np.int32), zeros, zeros, zeros[:2])


def _state(project: Project) -> tuple[object, ...]:
    """All that a step can change, with who and when."""
    shown = project.groupings.newest(project.features.get("starter"))
    return (
        project.labels.all(),
        [(photo.id, photo.overruled) for photo in project.photos.all()],
        None if shown is None else (shown.id, shown.clusters.tolist()),
    )


def test_everything_a_person_does_is_undone_and_done_again(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    starter, labels = project.features.get("starter"), project.labels
    project.groupings.save(starter, _grouping(ids, [0, 0, 0, 1, 1, 1]))
    labels.name_photos(ids[:2], "puddle")
    deeds = {
        "Named": lambda: labels.name_photos(ids[:3], "drum"),
        "Group named": lambda: labels.name_group(ids[:3], "Drums"),
        "Group named again": lambda: labels.name_group(ids[1:5], "Tyres"),
        "Name taken off": lambda: labels.remove(ids, "drum"),
        "Renamed": lambda: labels.rename("puddle", "drum"),
        "Set aside": lambda: project.photos.overrule(ids[4:], "set aside"),
        "Taken back": lambda: project.photos.overrule(ids[5:], "used"),
        "As judged": lambda: project.photos.overrule(ids, None),
        "Grouped anew": lambda: project.groupings.save(starter, _grouping(ids, [1, 0, 0, 0, 0, 0])),
        "Group unnamed": lambda: labels.unname_group(ids),
    }
    states = [_state(project)]
    for text, deed in deeds.items():
        with project.history.step(text):
            deed()
        assert (project.history.undo_text, project.history.redo_text) == (text, "")
        states.append(_state(project))
    for text, before in zip(reversed(deeds), reversed(states[:-1]), strict=True):
        assert project.history.undo() == text
        assert project.history.redo_text == text
        assert _state(project) == before
    assert (project.history.undo(), project.history.undo_text) == ("", "")
    for text, after in zip(deeds, states[1:], strict=True):
        assert project.history.redo() == text
        assert _state(project) == after
    assert (project.history.redo(), project.history.redo_text) == ("", "")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_undone_and_done_again_each_state_comes_back(
    project: Project, tmp_path: Path, seed: int
) -> None:
    ids = np.array(_photos(project, tmp_path, 8))
    starter, rng = project.features.get("starter"), np.random.default_rng(seed)

    def deed() -> None:
        some = rng.choice(ids, int(rng.integers(1, 8)), replace=False).tolist()
        name = str(rng.choice(["a", "b", "c"]))
        kinds = (
            lambda: project.labels.name_photos(some, name),
            lambda: project.labels.name_group(some, name),
            lambda: project.labels.unname_group(some),
            lambda: project.labels.remove(some, name),
            lambda: project.labels.rename(name, "b"),
            lambda: project.photos.overrule(some, rng.choice(np.array(["used", "set aside", None]))),
            lambda: project.groupings.save(starter, _grouping(ids.tolist(), rng.integers(0, 2, 8).tolist())),
        )
        kinds[rng.integers(len(kinds))]()

    states, at = [_state(project)], 0
    for number in range(60):
        move = rng.random()
        if move < 0.5:
            with project.history.step(str(number)):
                for _ in range(rng.integers(1, 4)):
                    deed()
            if project.history.undo_text == str(number):  # else it changed nothing
                states, at = [*states[: at + 1], _state(project)], at + 1
        elif move < 0.8:
            at -= project.history.undo() != ""
        else:
            at += project.history.redo() != ""
        assert _state(project) == states[at]
        assert (project.history.undo_text != "", project.history.redo_text != "") == (at > 0, at < len(states) - 1)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_offered_to_be_undone_is_what_undoing_does_whatever_happened_outside(
    project: Project, tmp_path: Path, seed: int
) -> None:
    ids = np.array(_photos(project, tmp_path, 4))
    starter, rng = project.features.get("starter"), np.random.default_rng(seed)

    def deed() -> None:
        some = rng.choice(ids, 2, replace=False).tolist()
        kinds = (
            lambda: project.labels.name_photos(some, "a"),
            lambda: project.labels.remove(some, "a"),
            lambda: project.groupings.save(starter, _grouping(ids.tolist(), rng.integers(0, 2, 4).tolist())),
        )
        kinds[rng.integers(len(kinds))]()

    for number in range(60):
        move = rng.random()
        if move < 0.3:
            with project.history.step(str(number)):
                deed()
        elif move < 0.5:
            deed()
        elif move < 0.8:
            assert project.history.undo_text == project.history.undo()
        else:
            assert project.history.redo_text == project.history.redo()


def test_a_step_of_many_changes_to_one_thing_is_undone_as_one(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    project.labels.name_photos(ids[:1], "old")
    before = _state(project)
    with project.history.step("Tidied up"):
        project.labels.remove(ids, "old")
        project.labels.name_photos(ids, "old")
        project.labels.name_photos(ids, "new")
        project.labels.remove(ids[2:], "new")
        project.photos.overrule(ids, "set aside")
        project.photos.overrule(ids[:3], "used")
        with project.history.step("a part of it"):
            project.labels.name_group(ids, "all")
    after = _state(project)
    assert project.history.undo() == "Tidied up"
    assert _state(project) == before
    assert project.history.redo() == "Tidied up"
    assert _state(project) == after


def test_the_history_is_there_when_the_project_is_opened_again(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        ids = _photos(project, tmp_path)
        for name in ("drum", "tyre"):
            with project.history.step(f"2 photos named {name}"):
                project.labels.name_photos(ids[:2], name)
        project.history.undo()
    with Project.open(tmp_path / "p") as project:
        assert project.history.undo_text == "2 photos named drum"
        assert project.history.redo() == "2 photos named tyre"
        assert project.history.undo() == "2 photos named tyre"
        assert project.history.undo() == "2 photos named drum"
        assert project.labels.all() == []


def test_a_new_step_drops_what_was_undone(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    for name in ("drum", "tyre"):
        with project.history.step(name):
            project.labels.name_photos(ids, name)
    project.history.undo()
    with project.history.step("puddle"):
        project.labels.name_photos(ids, "puddle")
    assert (project.history.undo_text, project.history.redo_text) == ("puddle", "")
    assert [project.history.undo(), project.history.undo(), project.history.undo()] == ["puddle", "drum", ""]


def test_a_step_that_changes_nothing_is_none_and_drops_nothing(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    with project.history.step("Named"):
        project.labels.name_photos(ids, "drum")
    project.history.undo()
    with project.history.step("Nothing"):
        project.labels.remove(ids, "tyre")
        project.photos.overrule(ids, None)
    assert (project.history.undo_text, project.history.redo_text) == ("", "Named")


def test_a_step_that_fails_leaves_nothing_behind_and_the_next_one_works(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)

    def half() -> None:
        with project.history.step("Half"):
            project.labels.name_photos(ids, "drum")
            project.labels.name_photos(ids, " ")

    with pytest.raises(PrismhError, match="at least one letter"):
        half()
    assert project.labels.all() == []
    assert project.history.undo_text == ""
    project.labels.name_photos(ids[:1], "outside of any step")
    assert project.history.undo_text == ""
    with project.history.step("Named"):
        project.labels.name_photos(ids, "tyre")
    assert project.history.undo() == "Named"
    assert project.labels.of_photos() == {ids[0]: ["outside of any step"]}


def test_changes_outside_a_step_are_none_and_stay_when_steps_are_undone(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    starter = project.features.get("starter")
    with project.history.step("Named"):
        project.labels.name_group(ids[:3], "Drums")
    with project.history.step("Set aside"):
        project.photos.overrule(ids[:2], "set aside")
    project.labels.name_photos(ids[2:], "imported")
    project.labels.remove(ids[:1], "Drums")
    project.groupings.save(starter, _grouping(ids, [0] * 6))
    assert project.history.undo() == "Set aside"
    assert project.history.undo() == "Named"
    assert project.labels.of_photos() == {photo_id: ["imported"] for photo_id in ids[2:]}
    assert {label.name for label in project.labels.all()} == {"imported"}
    assert project.history.redo() == "Named"
    shown = project.groupings.newest(starter)
    assert shown is not None
    assert shown.clusters.tolist() == [0] * 6


def test_groups_of_features_that_were_made_anew_are_passed_over(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    with project.history.step("Named"):
        project.labels.name_photos(ids, "drum")
    for clusters in ([0, 0, 0, 1, 1, 1], [0] * 6):
        with project.history.step("Grouped"):
            project.groupings.save(project.features.get("starter"), _grouping(ids, clusters))
    add_features(project, np.eye(6, 9), "starter")  # another encoder
    project.groupings.save(project.features.get("starter"), _grouping(ids, [0, 1, 1, 1, 1, 1]))
    assert project.history.undo() == "Named"
    shown = project.groupings.newest(project.features.get("starter"))
    assert shown is not None
    assert shown.clusters.tolist() == [0, 1, 1, 1, 1, 1]


def test_the_oldest_steps_are_forgotten(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = _photos(project, tmp_path)
    monkeypatch.setattr(history, "MOST_STEPS", 3)
    for name in "abcde":
        with project.history.step(name):
            project.labels.name_photos(ids[:1], name)
    assert [project.history.undo() for _ in range(4)] == ["e", "d", "c", ""]
    monkeypatch.setattr(history, "MOST_CHANGES", 7)
    for name in "fgh":
        with project.history.step(name):
            project.labels.name_photos(ids[:3], name)
    assert [project.history.undo() for _ in range(3)] == ["h", "g", ""]
    with project.history.step("more than all may hold"):
        project.photos.overrule(ids, "set aside")
        project.labels.name_photos(ids, "i")
    assert project.history.undo() == "more than all may hold"


def test_two_threads_make_steps_at_once_and_each_is_whole(project: Project, tmp_path: Path) -> None:
    ids = _photos(project, tmp_path)
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for number in range(10):
                with project.history.step(name):
                    project.labels.name_photos(ids, f"{name} {number}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("drum", "tyre")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for left in reversed(range(20)):
        text = project.history.undo()
        names = project.labels.counts()
        assert len(names) == left
        assert set(names.values()) <= {6}
        assert sum(name.startswith(text) for name in names) < 10
    assert project.history.undo() == ""


def test_two_programs_at_one_project_share_one_history(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prismh_engine.project import Project\n"
        "with Project.open(Path(sys.argv[1])) as project:\n"
        "    ids = [photo.id for photo in project.photos.all()]\n"
        "    sys.stdin.readline()\n"
        "    for number in range(8):\n"
        "        with project.history.step(f'{sys.argv[2]} {number}'):\n"
        "            project.labels.name_photos(ids, f'{sys.argv[2]} {number}')\n"
        "        if number % 2:\n"
        "            project.history.undo()\n"
    )
    with Project.create(tmp_path / "p") as project:
        _photos(project, tmp_path)
        command = [sys.executable, "-c", script, str(tmp_path / "p")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = [
            subprocess.Popen([*command, name], text=True, **pipes)  # type: ignore[call-overload]
            for name in ("drum", "tyre")
        ]
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.communicate(timeout=120)[1] for process in running] == ["", ""]
        names = project.labels.counts()
        assert set(names.values()) == {6}
        undone = [project.history.undo() for _ in range(len(names))]
        assert sorted(undone) == sorted(names)
        assert project.labels.all() == []
        assert project.history.undo() == ""
