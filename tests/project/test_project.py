from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from prismh_engine import databases, jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.errors import PrismhError
from prismh_engine.project import Grouping, Map, Project
from prismh_engine.project.photo_catalogue import Judgement

from ..invented import add_features, fill, fill_with_embeddings, found, heaps, look


def test_a_project_is_made_only_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("important")
    with pytest.raises(PrismhError, match="is not empty"):
        Project.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_without_a_project_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match=r"is not a Prism-H project: it holds no project\.db"):
        Project.open(tmp_path)


@pytest.mark.parametrize("damage", [b"this is no database at all" * 50, b""], ids=["whole", "middle"])
def test_a_damaged_project_is_told_in_a_sentence_and_left_alone(tmp_path: Path, damage: bytes) -> None:
    Project.create(tmp_path / "p").close()
    db = tmp_path / "p" / "project.db"
    for leftover in (tmp_path / "p").glob("project.db-*"):
        leftover.unlink()
    if not damage:  # the middle of the file is overwritten
        content = bytearray(db.read_bytes())
        content[4096 : 4096 * 6] = b"\xff" * (4096 * 5)
        damage = bytes(content)
    db.write_bytes(damage)
    with pytest.raises(PrismhError, match=r"cannot be read.*restore it from a backup"):
        Project.open(tmp_path / "p")
    assert db.read_bytes()[:100] == damage[:100]


def test_a_project_that_fails_while_it_is_open_is_to_be_opened_again(project: Project) -> None:
    with contextlib.closing(sqlite3.connect(project.folder / "project.db")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (project.folder / "project.db").write_bytes(b"this is no database at all" * 50)
    with ThreadPoolExecutor(1) as another_thread, pytest.raises(PrismhError) as told:
        another_thread.submit(project.rename, "Ward 4").result()
    said = str(told.value)
    assert "close the project and open it again" in said
    assert "backup" not in said


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "project.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(PrismhError, match="not one of a Prism-H project"):
        Project.open(tmp_path)


def test_a_project_of_a_newer_program_asks_for_an_update(tmp_path: Path) -> None:
    Project.create(tmp_path / "p").close()
    connection = sqlite3.connect(tmp_path / "p" / "project.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(PrismhError, match="made by a newer Prism-H: update the program"):
        Project.open(tmp_path / "p")


def test_a_project_that_moves_with_its_photos_finds_them(tmp_path: Path) -> None:
    with Project.create(tmp_path / "here" / "p") as project:
        fill(project, tmp_path / "here" / "photos", {"a.jpg": look(1)})
    shutil.move(tmp_path / "here", tmp_path / "there")
    with Project.open(tmp_path / "there" / "p") as project:
        (photo,) = project.photos.all()
        assert photo.path == tmp_path / "there" / "photos" / "a.jpg"


def test_a_photo_folder_that_moved_alone_is_told_where_it_is(project: Project, tmp_path: Path) -> None:
    fill(project, tmp_path / "photos", {"a.jpg": look(1)})
    (tmp_path / "photos").rename(tmp_path / "moved")
    project.relocate_folder(project.folders()[0].id, tmp_path / "moved")
    assert project.photos.all()[0].path == tmp_path / "moved" / "a.jpg"
    assert project.photos.all()[0].file_path == "photos/a.jpg"


def test_two_folders_of_one_name_get_two_aliases_and_folders_within_each_other_are_refused(
    project: Project, tmp_path: Path
) -> None:
    for parent in ("north", "south"):
        (tmp_path / parent / "photos").mkdir(parents=True)
    aliases = [project.add_folder(tmp_path / parent / "photos").alias for parent in ("north", "south", "north")]
    assert aliases == ["photos", "photos-2", "photos"]
    with pytest.raises(PrismhError, match="lie in each other"):
        project.add_folder(tmp_path / "north")
    with pytest.raises(PrismhError, match="is not a folder"):
        project.add_folder(tmp_path / "nowhere")


def test_a_person_overrules_a_verdict_and_stays_right_when_photos_are_judged_again(
    project: Project, tmp_path: Path
) -> None:
    first, second = fill(project, tmp_path / "photos", {"a.jpg": look(1), "b.jpg": look(2)})
    project.photos.judge([Judgement(first.id, "dark", "It is dark.")])
    assert [photo.id for photo in project.photos.used()] == [second.id]
    project.photos.overrule([first.id], "used")
    project.photos.overrule([second.id], "set aside")
    project.photos.judge([Judgement(first.id, "blurry", "It is blurred."), Judgement(second.id, "clean")])
    assert [photo.id for photo in project.photos.used()] == [first.id]
    project.photos.overrule([first.id, second.id], None)
    assert [photo.id for photo in project.photos.used()] == [second.id]
    assert project.photos.counts() == {"all": 2, "used": 1, "set aside": 1, "blurry": 1, "missing": 0}
    project.photos.mark_missing(first.folder_id, ["a.jpg", "b.jpg"])
    assert project.photos.counts() == {"all": 2, "missing": 2}


def test_an_invalid_photo_is_never_used(project: Project, tmp_path: Path) -> None:
    (photo,) = fill(project, tmp_path / "photos", {"a.jpg": look(1, invalid_reason="It is cut short.")})
    project.photos.overrule([photo.id], "used")
    assert project.photos.used() == []


def test_a_photo_changed_in_place_is_brought_up_to_date(project: Project, tmp_path: Path) -> None:
    (photo,) = fill(project, tmp_path / "photos", {"a.jpg": look(1, brightness=3.0)})
    (again,) = project.photos.record(
        photo.folder_id, [(found(tmp_path / "photos", "a.jpg"), look(2, difference_hash=2**64 - 1))]
    )
    (now,) = project.photos.all()
    assert again == photo.id
    assert now.look == look(2, difference_hash=2**64 - 1)


def test_a_map_and_a_grouping_come_back_as_they_were(project: Project, tmp_path: Path) -> None:
    ids = np.array([photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(3))])
    features = project.features.get("starter")
    assert project.maps.newest(features) is None
    positions = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    project.maps.save(features, Map("tsne", {"seed": 1}, ids, positions))
    kept = project.maps.newest(features)
    assert kept is not None
    assert (kept.method, kept.parameters) == ("tsne", {"seed": 1})
    assert np.array_equal(kept.positions, positions)
    some = np.array([0.25, 0.5, 1], np.float32)
    grouping = Grouping("kmeans", {}, {"k": 2}, ids, np.array([0, 1, -1], np.int32), some, -some, some[:2])
    project.groupings.save(features, grouping)
    again = project.groupings.newest(features)
    assert again is not None
    assert again.silhouettes.tolist() == (-some).tolist()
    assert {cluster: members.tolist() for cluster, members in again.members().items()} == {0: [ids[0]], 1: [ids[1]]}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells which files are open only where the system does")
def test_threads_that_have_ended_hold_no_file_open(project: Project) -> None:
    def open_files() -> int:
        return sum("project.db" in os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink())

    def read() -> None:
        assert project.name == "Ward 14"

    project.rename("Ward 14")
    before = open_files()
    for _ in range(20):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert open_files() <= before + 2  # SQLite lets go of one with the next


def test_two_threads_name_photos_at_once_and_no_name_is_lost(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(40))]
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for photo_id in ids:
                project.labels.name_photos([photo_id], name)
                assert name in project.labels.of_photos()[photo_id]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("drum", "tyre")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(sorted(names) == ["drum", "tyre"] for names in project.labels.of_photos().values())


def test_a_transaction_that_fails_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    folder = project.add_folder(_made(tmp_path / "photos"))

    def looks() -> object:
        yield found(tmp_path, "a.jpg"), look(1)
        raise RuntimeError("the disk was pulled out")

    with pytest.raises(RuntimeError):
        project.photos.record(folder.id, looks())
    assert project.photos.all() == []


def test_where_the_disk_is_full_the_sentence_says_what_to_do(project: Project) -> None:
    with project._database.writing() as db:
        db.execute("PRAGMA max_page_count = 1")  # which SQLite takes for as many as there are
    run = project.runs.new()
    with pytest.raises(PrismhError, match=r"is full. What was saved before is safe. Make room there, then try again."):
        project.runs.set_summary(run, "a" * 100_000, "")


def test_runs_have_names_of_their_own_and_keep_what_is_said_of_them(project: Project) -> None:
    first = project.runs.new()
    second = project.runs.new()
    assert (first.name, second.name) == ("run-1", "run-2")
    project.runs.set_state(first, "finished")
    project.runs.set_summary(first, "Nothing changed.", "starter")
    kept = project.runs.get("run-1")
    assert (kept.state, kept.summary, kept.shown_first) == ("finished", "Nothing changed.", "starter")
    assert (second.summary, second.shown_first, second.failure) == ("", "", "")
    assert project.runs.newest() == second
    project.runs.set_state(second, "stopped", "The disk is full.")
    assert project.runs.get("run-2").failure == "The disk is full."
    project.runs.set_state(second, "running")
    assert project.runs.get("run-2").failure == "", "it goes on"
    with pytest.raises(PrismhError, match="no run 'run-9'"):
        project.runs.get("run-9")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_programs_that_make_one_project_at_the_same_time_all_get_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prismh_engine.project import Project\n"
        "sys.stdin.readline()\n"
        "with Project.open_or_create(Path(sys.argv[1])) as project:\n"
        "    project.add_folder(Path(sys.argv[2]))\n"
        "    print(project.runs.new().name)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "p"), str(_made(tmp_path / "photos"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in running]
    assert sorted(name.strip() for name, _ in said) == ["run-1", "run-2", "run-3"], said
    with Project.open(tmp_path / "p") as project:
        assert [folder.alias for folder in project.folders()] == ["photos"]


def test_a_project_that_another_program_holds_is_busy_and_not_damaged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "SECONDS_TO_WAIT", 0.1)
    with contextlib.closing(sqlite3.connect(project.folder / "project.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Project.open(project.folder) as again, pytest.raises(PrismhError, match="database is locked") as told:
            again.rename("Other")
    assert "restore it" not in str(told.value)


def test_what_another_program_changes_is_noticed_and_what_one_changes_oneself_is_not(project: Project) -> None:
    before = project.written_elsewhere
    project.rename("Ward 4")
    with ThreadPoolExecutor(1) as another_thread:
        another_thread.submit(project.rename, "Ward 5").result()
    assert project.written_elsewhere == before
    with Project.open(project.folder) as other:
        assert project.written_elsewhere == before, "it only looked"
        other.rename("Ward 6")
    assert project.written_elsewhere > before
    with Project.open(project.folder) as other:
        assert other.written_elsewhere == 0, "it knows what was there when it came"


def test_a_project_that_got_no_name_yet_has_that_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "Village").mkdir()
    (tmp_path / "Village" / "project.db").touch()
    with Project.open(tmp_path / "Village") as project:
        assert project.name == "Village"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_folder_by_another_name_of_it_is_the_same_folder(project: Project, tmp_path: Path) -> None:
    folder = project.add_folder(_made(tmp_path / "photos"))
    (tmp_path / "link").symlink_to(folder.path)
    assert project.add_folder(tmp_path / "link") == folder


def test_on_a_drive_in_the_net_the_journal_is_one_that_works_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = [SimpleNamespace(mountpoint=place, fstype=kind, opts="rw") for place, kind in (
        ("/", "ext4"), (str(tmp_path), "nfs4"), (str(tmp_path / "here"), "ext4"),
    )]  # fmt: skip
    monkeypatch.setattr("psutil.disk_partitions", lambda all: mounts)
    journals = []
    for name in ("there", "here"):
        Project.create(tmp_path / name / "p").close()
        with contextlib.closing(sqlite3.connect(tmp_path / name / "p" / "project.db")) as connection:
            journals.append(connection.execute("PRAGMA journal_mode").fetchone()[0])
    assert journals == ["delete", "wal"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_a_photo_folder_need_not_have_a_name_in_utf_8(project: Project, tmp_path: Path) -> None:
    folder = project.add_folder(_made(_made(tmp_path / "50% \udcff") / "\udcfephotos"))
    assert folder.alias == "%FEphotos"
    assert [known.path for known in project.folders()] == [folder.path]


@pytest.mark.parametrize("name", ["", "cache"])
def test_the_projects_own_folder_is_no_photo_folder(project: Project, name: str) -> None:
    (project.folder / name).mkdir(exist_ok=True)
    with pytest.raises(PrismhError, match="the project's own folder"):
        project.add_folder(project.folder / name)


def test_a_project_deleted_while_it_is_open_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    told: list[str] = []

    def read_it() -> None:
        try:
            project.folders()
        except PrismhError as error:
            told.append(str(error))

    with Project.create(folder) as project:
        shutil.rmtree(folder)
        folder.mkdir()
        reader = threading.Thread(target=read_it)
        reader.start()
        reader.join()
    assert told == [f"The project {folder} is not there any more: bring the folder back and open it again."]
    assert not any(folder.iterdir())


def test_the_features_a_person_looks_at_are_kept_and_until_then_the_starter_stays(
    project: Project, tmp_path: Path
) -> None:
    embeddings = heaps((6, 6))[0]
    fill_with_embeddings(project, tmp_path / "photos", embeddings)
    assert project.shown_features is None
    for name in ("run-1", "run-2"):
        add_features(project, embeddings, name)
    jobs.run(cluster_project(project, features="run-1", clusters=2))
    assert project.shown_features == "run-1", "the starter has no groups"
    jobs.run(cluster_project(project, features="starter", clusters=2))
    jobs.run(cluster_project(project, features="run-2", clusters=2))
    assert project.shown_features == "starter", "what was learned later replaces nothing"
    project.show_features("run-1")
    project.close()
    with Project.open(project.folder) as again:
        assert again.shown_features == "run-1"
        with pytest.raises(PrismhError, match="no features 'run-7'"):
            again.show_features("run-7")


def test_what_was_chosen_at_the_last_export_is_kept(project: Project) -> None:
    assert project.export_choices == {}
    project.keep_export_choices({"format": ".gpkg", "columns": ["label"], "rounded": True})
    project.close()
    with Project.open(project.folder) as again:
        assert again.export_choices == {"format": ".gpkg", "columns": ["label"], "rounded": True}
