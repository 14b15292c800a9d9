from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from prismh_engine.core import import_metadata
from prismh_engine.project import Project
from prismh_engine.tables import read_csv

from .imports import photo, table, taken_in


@pytest.mark.parametrize(
    ("latitude", "longitude", "reason"),
    [
        ("95", "3", "latitude is 95, not between -90 and 90"),
        ("9", "-181", "longitude is -181, not between -180 and 180"),
        ("nine", "3", "latitude is 'nine', not a number"),
        ("nan", "3", "not a number"),
        ("9", "", "a latitude but no longitude"),
        ("", "3", "a longitude but no latitude"),
    ],
)
def test_half_or_impossible_positions_are_named_and_the_rest_of_the_row_is_taken(
    project: Project, field_photos: Path, tmp_path: Path, latitude: str, longitude: str, reason: str
) -> None:
    line = f"day 1/a.jpg,{latitude},{longitude},drum"
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,latitude,longitude,label", line))
    assert reason in str(report)
    assert photo(project, "day 1/a.jpg").look.latitude is None
    assert list(report.rows[0].taken) == ["label"]


def test_rows_that_tell_of_no_photo_or_of_several_are_named_with_the_reason(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,camera", "a.jpg,x", "none.jpg,x", ",x"))
    assert report.unmatched == 3
    told = str(report)
    assert "Row 2 (a.jpg): 2 photos are called so" in told
    assert "field photos/day 1/a.jpg, field photos/day 2/a.jpg" in told
    assert "Row 3 (none.jpg): No photo of the project is called so." in told
    assert "Row 4: The row names no photo." in told
    assert "Nothing was taken" in told


def test_rows_are_numbered_as_a_spreadsheet_shows_them(project: Project, field_photos: Path, tmp_path: Path) -> None:
    lines = ["file_path,label", "", 'told.jpg,"drum;', 'tyre"', "", "none.jpg,x", ""]
    report = taken_in(project, table(tmp_path / "t.csv", *lines))
    assert [(row.number, row.file_path) for row in report.rows] == [(3, "told.jpg"), (5, "none.jpg")]
    assert "Row 5 (none.jpg)" in str(report)


def test_a_row_that_says_nothing_is_told_as_such(project: Project, field_photos: Path, tmp_path: Path) -> None:
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,label,camera", "told.jpg,,", "day 1/a.jpg,x,"))
    assert "In 1 row nothing stands that could be taken." in report.sentences()
    import_metadata.write_report(tmp_path / "report.csv", report)
    rows = read_csv(tmp_path / "report.csv", ["row", "reason"])
    assert [(row["row"], row["reason"]) for row in rows] == [
        ("2", "In this row nothing stands that could be taken."),
        ("3", ""),
    ]


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(days=2000)])
def test_a_time_in_the_future_is_not_taken_and_told(
    project: Project, field_photos: Path, tmp_path: Path, ahead: timedelta
) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    wrong, right = now + ahead, now + timedelta(hours=14)  # the clocks of an island may be that far ahead
    lines = [f"told.jpg,{wrong.date()}", f"a2.jpg,{wrong:%Y-%m-%d %H:%M}", f"a1.jpg,{right:%Y-%m-%d %H:%M:%S}"]
    lines = [line.replace("a1", "day 1/a").replace("a2", "day 2/a") for line in lines]
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,taken_at", *lines), replace_exif=True)
    assert f"Row 2 (told.jpg): taken_at is '{wrong.date()}', which lies in the future." in report.sentences()
    assert [bool(row.problems) for row in report.rows] == [True, True, False]
    assert photo(project, "told.jpg").look.taken_at == "2023-01-02T03:04:05"
    assert photo(project, "day 1/a.jpg").look.taken_at == right.isoformat()[:19]


def test_many_bad_rows_are_counted_and_the_report_lists_all(
    project: Project, field_photos: Path, tmp_path: Path, capsys: Any
) -> None:
    path = table(tmp_path / "t.csv", "file_path,camera", "told.jpg,x", *(f"=none{n}.jpg,x" for n in range(20)))
    arguments = ["--project", project.folder, "--metadata", path, "--report", tmp_path / "report.csv"]
    assert import_metadata.main([str(argument) for argument in arguments]) == 0
    out = capsys.readouterr().out
    assert "1 row of 21 in t.csv tell of 1 photo" in out
    assert "15 further rows" in out
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["row", "file_path", "photo", "taken", "reason"]
    assert (rows[0]["photo"], rows[0]["taken"]) == ("field photos/told.jpg", "")
    assert "EXIF" in rows[0]["reason"]
    assert [row["row"] for row in rows] == [str(number) for number in range(2, 23)]
    assert all("No photo" in row["reason"] and row["file_path"].startswith("'=") for row in rows[1:])
