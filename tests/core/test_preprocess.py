from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from prismh_engine.core import preprocess
from prismh_engine.core.preprocess import ImagePreprocessor
from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.photos.scenes import draw_scene

from ..photos.pictures import encoded, overwrite_secretly, picture, write

COLUMNS = [
    "file_path", "verdict", "reason", "width", "height", "bytes", "brightness", "contrast", "sharpness",
    "duplicate_of", "outlier_distance", "taken_at", "taken_at_source", "latitude", "longitude", "position_note",
    "camera",
]  # fmt: skip


def rows(output: Path) -> dict[str, dict[str, str]]:
    with (output / "quality.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["file_path"]: row for row in csv.DictReader(stream)}


def run(*arguments: object) -> int:
    return preprocess.main([str(argument) for argument in arguments] + ["--quiet"])


@pytest.mark.parametrize("starter", [True, False])
def test_each_photo_gets_its_verdict_and_its_place(mixed: Path, tmp_path: Path, starter: bool) -> None:
    output = tmp_path / "out"
    arguments = ["--data_dir", mixed, "--output_dir", output] + ([] if starter else ["--no_starter"])
    assert run(*arguments) == 0
    found = rows(output)
    assert {name: row["verdict"] for name, row in found.items()} == {
        "good.jpg": "clean",
        "day 2/IMG_20240501_101112.jpg": "clean",
        "copy of good.jpg": "duplicate",
        "smaller.jpg": "duplicate",
        "dark.jpg": "dark",
        "blurred.jpg": "blurry",
        "broken.jpg": "invalid",
    }
    assert found["smaller.jpg"]["duplicate_of"] == "good.jpg"
    assert (output / "clean" / "day 2" / "IMG_20240501_101112.jpg").is_file()
    assert (output / "problematic" / "invalid" / "broken.jpg").is_file()
    assert list((output / "problematic" / "outliers").iterdir()) == []


def test_quality_csv_has_all_columns_and_says_what_is_known(mixed: Path, tmp_path: Path) -> None:
    assert run("--data-dir", mixed, "--output-dir", tmp_path / "out", "--mode", "list", "--no-starter") == 0
    found = rows(tmp_path / "out")
    good, named = found["good.jpg"], found["day 2/IMG_20240501_101112.jpg"]
    assert list(good) == COLUMNS
    assert (good["width"], good["height"]) == ("640", "480")
    assert int(good["bytes"]) == (mixed / "good.jpg").stat().st_size
    assert 0 < float(good["brightness"]) < 255
    assert good["outlier_distance"] == ""
    assert good["position_note"]
    assert (named["taken_at"], named["taken_at_source"]) == ("2024-05-01T10:11:12", "file_name")
    assert found["broken.jpg"]["reason"]
    assert found["broken.jpg"]["width"] == ""


def test_thresholds_are_flags(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("--data_dir", mixed, "--output_dir", out, "--no_starter", "--dark", 0, "--blurry", 0) == 0
    verdicts = {row["verdict"] for row in rows(out).values()}
    assert verdicts == {"clean", "duplicate", "invalid"}


def test_a_sample_has_the_size_that_was_asked_for_and_is_the_same_each_time(mixed: Path, tmp_path: Path) -> None:
    chosen = []
    for name in ("one", "two"):
        assert run("--data_dir", mixed, "--output_dir", tmp_path / name, "--no_starter", "--sample_size", 3) == 0
        chosen.append(set(rows(tmp_path / name)))
    assert len(chosen[0]) == 3
    assert chosen[0] == chosen[1]


def test_a_second_run_over_an_unchanged_folder_reads_no_photo_again(mixed: Path, tmp_path: Path) -> None:
    arguments = ["--data_dir", mixed, "--output_dir", tmp_path / "out", "--mode", "list", "--cache_dir", tmp_path / "c"]
    assert run(*arguments) == 0
    before = rows(tmp_path / "out")
    for path in mixed.rglob("*.jpg"):
        overwrite_secretly(path, b"no picture any more")
    assert run(*arguments) == 0
    assert rows(tmp_path / "out") == before


@pytest.fixture(scope="module")
def one_kind_and_two_others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many photos as it takes to tell what is usual, and two that show something else."""
    folder = tmp_path_factory.mktemp("one kind")
    for number in range(40):
        draw_scene("drum", number, (160, 120)).save(folder / f"drum {number:02}.jpg", quality=90)
    for number in range(2):
        picture(number, (160, 120)).save(folder / f"odd {number}.jpg", quality=90)
    return folder


def test_unusual_photos_are_told_and_another_threshold_sorts_anew_without_reading_a_photo(
    one_kind_and_two_others: Path, tmp_path: Path
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    shutil.copytree(one_kind_and_two_others, photos)
    arguments = ["--data_dir", photos, "--output_dir", out]
    arguments += ["--cache_dir", one_kind_and_two_others.with_name("cache")]
    # So near to one another that they would be near duplicates, which is not what is asked here.
    arguments += ["--ccthreshold", 1, "--blurry", 0]
    assert run(*arguments, "--outlier_distance", 2) == 0
    first = rows(out)
    assert {row["verdict"] for row in first.values()} == {"clean"}
    distances = {name: float(row["outlier_distance"]) for name, row in first.items()}
    furthest = sorted(distances, key=lambda name: -distances[name])
    assert set(furthest[:2]) == {"odd 0.jpg", "odd 1.jpg"}
    between = (distances[furthest[1]] + distances[furthest[2]]) / 2
    copies = {path.name: path.read_bytes() for path in (out / "clean").iterdir()}
    for path in photos.iterdir():
        overwrite_secretly(path, b"no picture any more")
    assert run(*arguments, "--outlier_distance", between) == 0
    outliers = {path.name: path.read_bytes() for path in (out / "problematic" / "outliers").iterdir()}
    assert outliers == {name: copies[name] for name in furthest[:2]}
    found = rows(out)
    assert {name: row["verdict"] for name, row in found.items()} == {
        name: "outlier" if name in outliers else "clean" for name in first
    }
    assert "Unusual" in found["odd 0.jpg"]["reason"]


def test_the_published_call_counts_unusual_photos(one_kind_and_two_others: Path, tmp_path: Path) -> None:
    preprocessor = ImagePreprocessor(
        one_kind_and_two_others, tmp_path, 1.0, 0.01, mode="list", cache_dir=one_kind_and_two_others.with_name("cache")
    )
    preprocessor.run_preprocessing()
    stats = preprocessor.get_quality_stats()
    assert 0 < stats["outlier_rate"] <= 1
    assert stats["quality_score"] == pytest.approx(1 - sum(v for k, v in stats.items() if k.endswith("_rate")))
    with pytest.raises(BadValueError, match="outlier_distance"):
        ImagePreprocessor(one_kind_and_two_others, tmp_path, outlier_distance=2.5)


def test_a_report_shows_examples_of_each_verdict(mixed: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    arguments = ["--data_dir", mixed, "--output_dir", out, "--no_starter", "--dark", 20]
    assert preprocess.main([str(argument) for argument in arguments]) == 0
    assert str(out / "quality_report.html") in capsys.readouterr().out
    page = (out / "quality_report.html").read_text(encoding="utf-8")
    assert "2 of 7 photos can be used" in page
    assert "below 20 of 255" in page
    assert page.count("data:image/jpeg;base64,") == 2 + 2 * 2 + 1 + 1  # clean, duplicates in pairs, dark, blurred


def test_nothing_is_done_where_a_file_of_somebody_else_would_be_replaced(
    mixed: Path, tmp_path: Path, capsys: Any
) -> None:
    for name in ("quality.csv", "quality_report.html"):
        mine = write(tmp_path / name / name, b"mine")
        assert run("--data_dir", mixed, "--output_dir", mine.parent, "--no_starter") == 1
        assert "was not written by this step" in capsys.readouterr().err
        assert [path.read_bytes() for path in mine.parent.iterdir()] == [b"mine"]


def test_a_cache_in_the_photo_folder_itself_is_refused_before_anything_is_written(
    mixed: Path, tmp_path: Path, capsys: Any
) -> None:
    before = sorted(mixed.rglob("*"))
    assert run("--data_dir", mixed, "--output_dir", tmp_path / "out", "--no_starter", "--cache_dir", mixed) == 1
    assert capsys.readouterr().err.startswith(f"The cache would mix with the photos in {mixed}: choose another")
    with pytest.raises(PrismhError, match="would mix"):
        ImagePreprocessor(mixed, tmp_path / "out", cache_dir=mixed, starter=False).run_preprocessing()
    assert sorted(mixed.rglob("*")) == before
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_usable_photo_ends_well_and_says_so(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path / "photos" / "broken.jpg", b"no picture")
    write(tmp_path / "photos" / "notes.txt", b"notes")
    arguments = ["--data_dir", tmp_path / "photos", "--output_dir", tmp_path / "out"]
    assert preprocess.main([str(argument) for argument in arguments]) == 0
    assert "None of them can be used" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    assert preprocess.main([str(argument) for argument in arguments]) == 0
    assert "No photo was found" in capsys.readouterr().out


def test_wrong_usage_and_a_missing_folder_are_one_sentence(tmp_path: Path, capsys: Any) -> None:
    assert run("--output_dir", tmp_path / "out") == 2
    assert "--data_dir" in capsys.readouterr().err
    assert run("--data_dir", tmp_path / "none", "--output_dir", tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert "is not a folder" in error
    assert len(error.splitlines()) == 1
    assert run("--data_dir", tmp_path, "--output_dir", tmp_path / "out", "--ccthreshold", 2) == 2
    assert run("--data_dir", tmp_path, "--output_dir", tmp_path / "out", "--outlier_distance", 3) == 2


def test_no_torch_is_imported_with_or_without_the_starter(mixed: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from prismh_engine.core.preprocess import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "bad = {'torch', 'torchvision', 'sklearn', 'timm'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    command = [sys.executable, "-c", script, "--data_dir", mixed, "--output_dir", tmp_path / "out", "--mode", "list"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_published_call_sorts_a_folder_and_tells_its_quality(mixed: Path, tmp_path: Path) -> None:
    preprocessor = ImagePreprocessor(input_dir=str(mixed), output_dir=str(tmp_path / "processed"), starter=False)
    with pytest.raises(PrismhError, match="run_preprocessing"):
        preprocessor.get_quality_stats()
    preprocessor.run_preprocessing()
    stats = preprocessor.get_quality_stats()
    assert stats == {
        "quality_score": pytest.approx(2 / 7),
        "duplicate_rate": pytest.approx(2 / 7),
        "outlier_rate": 0.0,
        "dark_rate": pytest.approx(1 / 7),
        "blurry_rate": pytest.approx(1 / 7),
        "invalid_rate": pytest.approx(1 / 7),
    }
    assert (tmp_path / "processed" / "clean" / "good.jpg").is_file()
    with pytest.raises(BadValueError, match="ccthreshold"):
        ImagePreprocessor(mixed, tmp_path / "processed", ccthreshold=1.5)


def test_every_bad_file_is_listed_with_a_verdict_and_nothing_but_that_is_said(shared: Path, tmp_path: Path) -> None:
    arguments = ["--data_dir", shared / "bad", "--output_dir", tmp_path, "--mode", "list", "--no_starter", "--quiet"]
    command = [sys.executable, "-m", "prismh_engine.core.preprocess", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = rows(tmp_path)
    assert len(found) == 402
    assert all(row["verdict"] == "clean" or row["reason"] for row in found.values())


def test_a_picture_drawn_for_the_screen_is_as_welcome_as_a_photo(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "plain.png", encoded(Image.new("RGBA", (80, 60), (0, 0, 0, 0)), "PNG"))
    out = tmp_path / "out"
    assert run("--data_dir", tmp_path / "photos", "--output_dir", out, "--no_starter") == 0
    assert rows(out)["plain.png"]["brightness"] == "255.0"


def test_a_strip_too_long_for_a_copy_stops_no_other_photo(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "strip.png", encoded(Image.new("RGB", (70_000, 2), "red"), "PNG"))
    write(tmp_path / "photos" / "good.jpg", encoded(picture(3, (640, 480))))
    assert run("--data_dir", tmp_path / "photos", "--output_dir", tmp_path / "out", "--no_starter") == 0
    found = rows(tmp_path / "out")
    assert found["good.jpg"]["verdict"] == "clean"
    assert (found["strip.png"]["width"], found["strip.png"]["height"]) == ("70000", "2")


@pytest.mark.parametrize("where", [".", "out", "day 2/out"])
def test_nothing_is_written_among_the_photos(
    mixed: Path, tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = shutil.copytree(mixed, tmp_path / "photos")
    before = sorted(photos.rglob("*"))
    assert run("--data_dir", photos, "--output_dir", photos / where, "--no_starter") == 1
    assert "lies among the photos" in capsys.readouterr().err
    assert sorted(photos.rglob("*")) == before
