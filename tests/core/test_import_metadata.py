from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from prismh_engine import jobs
from prismh_engine.core import import_metadata
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.project import Project

from ..photos.pictures import write
from .imports import own, photo, table, taken_in, with_exif


def test_a_photo_is_found_by_its_file_path_its_path_in_the_folder_or_its_name_alone(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    decomposed = unicodedata.normalize("NFD", "Tür.jpg")
    report = taken_in(
        project,
        table(
            tmp_path / "t.csv",
            "file_path,camera",
            "field photos/day 1/a.jpg,by output",
            "day 2\\a.jpg,below the folder",
            "img-20240501-wa0001.JPG,by name",
            f"{decomposed},accents",
        ),
    )
    assert report.unmatched == 0
    assert photo(project, "day 1/a.jpg").look.camera == "by output"
    assert photo(project, "day 2/a.jpg").look.camera == "below the folder"
    assert photo(project, "WA0001.jpg").look.camera == "by name"
    assert photo(project, "Tür.jpg").look.camera == "accents"


def test_everything_the_columns_say_is_taken_and_labels_join_those_there(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    one = photo(project, "day 1/a.jpg")
    project.labels.name_photos([one.id], "puddle")
    report = taken_in(
        project,
        table(
            tmp_path / "t.csv",
            "file_path,taken_at,latitude,longitude,label,camera,village",
            "day 1/a.jpg,2024-05-31 14:30,-9.5,34.25,drum; tyre ;drum,Kodak,Ifakara",
        ),
    )
    look = photo(project, "day 1/a.jpg").look
    assert (look.taken_at, look.taken_at_source) == ("2024-05-31T14:30:00", "metadata")
    assert (look.latitude, look.longitude, look.position_note, look.camera) == (-9.5, 34.25, None, "Kodak")
    assert sorted(project.labels.of_photos()[one.id]) == ["drum", "puddle", "tyre"]
    assert set(report.rows[0].taken) == {"taken_at", "position", "camera", "label"}
    assert "a time for 1 photo, a place for 1 photo, a camera for 1 photo, labels for 1 photo" in str(report)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024:05:31 14:30:05", "2024-05-31T14:30:05"),
        ("2024-05-31T14:30:05.25Z", "2024-05-31T14:30:05+00:00"),
        ("2024-5-1 7:30+0300", "2024-05-01T07:30:00+03:00"),
        ("31/05/2024", None),
        ("2024-02-30", None),
        ("2024-05-31T25:00", None),
        ("2024-05-31T10:00+27:00", None),
        ("0000-00-00", None),
        ("1024-05-31", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_taken_where_it_can_only_mean_one_thing(
    project: Project, field_photos: Path, tmp_path: Path, text: str, kept: str | None
) -> None:
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,taken_at", f"day 1/a.jpg,{text}"))
    assert photo(project, "day 1/a.jpg").look.taken_at == kept
    assert bool(report.rows[0].problems) == (kept is None)


@pytest.mark.parametrize("called", ["photo", "File name", "Image", "filename", "PATH"])
def test_the_column_of_the_photos_may_be_called_as_people_call_it(
    project: Project, field_photos: Path, tmp_path: Path, called: str
) -> None:
    taken_in(project, table(tmp_path / "t.csv", f"label;{called}", "drum;told.jpg"))
    assert project.labels.of_photos() == {photo(project, "told.jpg").id: ["drum"]}


def test_a_table_is_undone_and_done_again_as_one_step(project: Project, field_photos: Path, tmp_path: Path) -> None:
    def all_of_it() -> list[object]:
        return [(p.look.taken_at, p.look.latitude, p.look.camera) for p in project.photos.all()] + [
            project.labels.all(),
            own(project),
        ]

    states = [all_of_it()]
    for name, row in (("first", "day 1/a.jpg,2024-05-01,1,2,X,drum"), ("second", "day 1/a.jpg,2024-06-01,3,4,Y,tyre")):
        taken_in(
            project,
            table(tmp_path / f"{name}.csv", "file_path,taken_at,latitude,longitude,camera,label,team", f"{row},{name}"),
        )
        assert project.history.undo_text == f"data from {name}.csv"
        states.append(all_of_it())
    assert states[0] != states[1] != states[2]
    assert project.history.undo() == "data from second.csv"
    assert all_of_it() == states[1]
    assert project.history.undo() == "data from first.csv"
    assert all_of_it() == states[0]
    for state in states[1:]:
        project.history.redo()
        assert all_of_it() == state


def test_a_table_as_excel_writes_it_with_semicolons_and_decimal_commas_is_taken(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    lines = "\ufefffile_path;latitude;longitude;label\r", 'day 1/a.jpg;-9,5;34,25;"drum; tyre"\r'
    report = taken_in(project, table(tmp_path / "t.csv", *lines))
    one = photo(project, "day 1/a.jpg")
    assert (one.look.latitude, one.look.longitude) == (-9.5, 34.25)
    assert sorted(project.labels.of_photos()[one.id]) == ["drum", "tyre"]
    assert [row.problems for row in report.rows] == [[]]


def test_what_the_exif_says_stays_unless_it_is_to_be_replaced(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "t.csv", "file_path,taken_at,latitude,longitude,camera", "told.jpg,2024-05-31,-9.5,34.25,Kodak"
    )
    before = photo(project, "told.jpg").look
    assert (before.taken_at, before.latitude, before.camera) == ("2023-01-02T03:04:05", 10.5, "Nokia G22")
    report = taken_in(project, path)
    assert photo(project, "told.jpg").look == before
    assert set(report.rows[0].stayed) == {"taken_at", "position", "camera"}
    assert "EXIF data of 1 photo says itself was left" in str(report)
    taken_in(project, path, replace_exif=True)
    after = photo(project, "told.jpg").look
    assert (after.taken_at, after.taken_at_source, after.latitude) == ("2024-05-31", "metadata", -9.5)
    assert after.camera == "Kodak"


def test_a_date_in_a_file_name_gives_way_and_a_better_table_replaces_an_earlier_one(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    for moment in ("2024-05-02T08:00:00", "2024-05-02T09:00:00"):
        taken_in(project, table(tmp_path / "t.csv", "file_path,taken_at", f"IMG-20240501-WA0001.jpg,{moment}"))
        assert photo(project, "WA0001.jpg").look.taken_at == moment
    taken_in(project, table(tmp_path / "t.csv", "file_path,camera", "IMG-20240501-WA0001.jpg,Kodak"))
    look = photo(project, "WA0001.jpg").look
    assert (look.taken_at, look.camera) == ("2024-05-02T09:00:00", "Kodak")


def test_what_was_imported_survives_further_looks_and_goes_with_a_photo_that_moves(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    lines = ["day 1/a.jpg,2024-05-31,drum,1.5,2.5", "told.jpg,2024-05-31,,,"]
    path = table(tmp_path / "t.csv", "file_path,taken_at,label,latitude,longitude", *lines)
    taken_in(project, path, replace_exif=True)
    shutil.move(field_photos / "day 1" / "a.jpg", field_photos / "day 1" / "moved.jpg")
    write(field_photos / "told.jpg", with_exif() + b"\0")  # the same photo, saved anew
    assert jobs.run(look_at_project(project)).looked_at == 2
    moved = photo(project, "moved.jpg")
    assert (moved.look.taken_at, moved.look.latitude) == ("2024-05-31", 1.5)
    assert project.labels.of_photos()[moved.id] == ["drum"]
    assert photo(project, "told.jpg").look.taken_at == "2024-05-31"
    assert photo(project, "told.jpg").look.latitude == 10.5


def test_several_rows_of_a_photo_add_labels_and_of_contradictions_the_first_counts(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    lines = ["told.jpg,drum,,", "told.jpg,tyre,Kodak,A", "told.jpg,,Canon,B"]
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,label,camera,team", *lines), replace_exif=True)
    told = photo(project, "told.jpg")
    assert sorted(project.labels.of_photos()[told.id]) == ["drum", "tyre"]
    assert told.look.camera == "Kodak"
    assert "Row 3 says another camera" in " ".join(report.rows[2].problems)
    assert own(project) == {"team": {"told.jpg": "A"}}
    assert "Row 3 says another team" in " ".join(report.rows[2].problems)


def test_json_is_taken_as_a_list_or_by_file_path_with_labels_as_lists(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    listed = [{"file_path": "told.jpg", "label": ["drum", "tyre"]}, {"file_path": "none.jpg", "label": None}]
    report = taken_in(project, write(tmp_path / "t.json", json.dumps(listed).encode()))
    assert [row.number for row in report.rows] == [1, 2]
    assert sorted(project.labels.of_photos()[photo(project, "told.jpg").id]) == ["drum", "tyre"]
    by_path = {"day 1/a.jpg": {"latitude": 1, "longitude": 2.5, "camera": {"make": "x"}}}
    taken_in(project, write(tmp_path / "t.json", json.dumps(by_path).encode()))
    look = photo(project, "day 1/a.jpg").look
    assert (look.latitude, look.longitude, look.camera) == (1.0, 2.5, None)


def test_a_quality_table_and_an_export_can_be_taken_in_again(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    from prismh_engine.core import export_features, preprocess

    flags = ["--data_dir", str(field_photos), "--output_dir", str(tmp_path / "out"), "--no_starter", "--mode", "list"]
    assert preprocess.main([*flags, "--quiet"]) == 0
    assert taken_in(project, tmp_path / "out" / "quality.csv").unmatched == 0
    flags = ["--project", str(project.folder), "--output", str(tmp_path / "e.csv")]
    assert export_features.main([*flags, "--quiet"]) == 0
    report = taken_in(project, tmp_path / "e.csv")
    assert (report.unmatched, [row.problems for row in report.rows if row.problems]) == (0, [])


def test_a_file_that_is_no_such_table_is_one_sentence_and_changes_nothing(
    project: Project, field_photos: Path, tmp_path: Path, capsys: Any
) -> None:
    with pytest.raises(PrismhError, match="no column that can be taken"):
        taken_in(project, table(tmp_path / "t.csv", "file_path,cluster", "told.jpg,2024"))
    with pytest.raises(PrismhError, match="no column 'file_path'"):
        taken_in(project, table(tmp_path / "t.csv", "name,camera", "told.jpg,x"))
    with pytest.raises(PrismhError, match="Cannot read"):
        taken_in(project, tmp_path / "none.csv")
    with pytest.raises(PrismhError, match="not a JSON file"):
        taken_in(project, write(tmp_path / "t.json", b"[{"))
    assert import_metadata.main(["--metadata", str(tmp_path / "none.csv")]) == 2
    assert "--project is needed" in capsys.readouterr().err
    assert import_metadata.main(["--project", str(tmp_path), "--metadata", str(tmp_path / "t.csv")]) == 1


def test_a_report_never_replaces_the_table_that_is_read(
    project: Project, field_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    path = table(tmp_path / "t.csv", "file_path,camera", "day 1/a.jpg,x")
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    flags = ["--project", str(project.folder), "--metadata", str(path), "--report", "t.csv"]
    assert import_metadata.main(flags) != 0
    assert "--report would replace the table" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_stop_takes_nothing(project: Project, field_photos: Path, tmp_path: Path) -> None:
    stop = StopToken()
    stop.stop()
    with pytest.raises(Stopped):
        taken_in(project, table(tmp_path / "t.csv", "file_path,camera", "day 1/a.jpg,x"), stop=stop)
    assert photo(project, "day 1/a.jpg").look.camera is None


def test_the_window_and_the_step_leave_no_torch_behind(project: Project, field_photos: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    path = table(tmp_path / "t.csv", "file_path,camera", "day 1/a.jpg,x")
    script = (
        "import sys; from prismh_engine.core.import_metadata import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "assert not {'torch', 'sklearn', 'scipy'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script, "--project", project.folder, "--metadata", path, "--quiet"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
