from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import embedding_files, jobs
from prismh_engine.core import map_embeddings
from prismh_engine.core.map_embeddings import main, map_project
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project
from prismh_engine.tables import read_csv

from ..invented import add_features, fill_with_embeddings, heaps


@pytest.fixture
def embeddings_file(tmp_path: Path) -> Path:
    embeddings, _ = heaps((20, 15))
    names = [f"sub/{i:02}.jpg" for i in range(34)] + ["./=sum.jpg"]
    embedding_files.write(tmp_path / "all_embeddings.npz", embeddings, names)
    return tmp_path / "all_embeddings.npz"


def test_a_map_is_a_row_for_each_photo_in_their_order(embeddings_file: Path, tmp_path: Path) -> None:
    assert main(["--embeddings", str(embeddings_file), "--output_dir", str(tmp_path / "out"), "--quiet"]) == 0
    rows = read_csv(tmp_path / "out" / "map.csv", ("file_path", "x", "y"))
    assert [row["file_path"] for row in rows] == embedding_files.read(embeddings_file).file_paths
    assert all(np.isfinite([float(row["x"]), float(row["y"])]).all() for row in rows)
    assert (tmp_path / "out" / "map.csv").read_bytes().startswith(b"\xef\xbb\xbffile_path,x,y\r\n")


def test_the_same_seed_writes_the_same_file(embeddings_file: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        main(["--embeddings", str(embeddings_file), "--output-dir", str(tmp_path / name), "--seed", "7", "--quiet"])
    assert (tmp_path / "one" / "map.csv").read_bytes() == (tmp_path / "two" / "map.csv").read_bytes()


def test_the_end_says_what_was_lowered(
    embeddings_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--embeddings", str(embeddings_file), "--output_dir", str(tmp_path)])
    said = capsys.readouterr().out
    assert f"{tmp_path / 'map.csv'}. Perplexity 11.3 instead of 30, since there are only 35 photos." in said


def test_progress_as_json_is_an_object_a_line(
    embeddings_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--embeddings", str(embeddings_file), "--output_dir", str(tmp_path), "--progress", "json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["what"] == "Drawing the map"
    assert lines[-1]["done"] == lines[-1]["total"] == 750


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "--output_dir (or --project) is needed"),
        (["--output_dir", "o"], 2, "--embeddings (or --project) is needed"),
        (["--embeddings", "e", "--output_dir", "o", "--project", "p"], 2, "exclude each other"),
        (["--embeddings", "gone.npz", "--output_dir", "o"], 1, "Cannot read gone.npz"),
        (["--embeddings", "e", "--output_dir", "o", "--perplexity", "1"], 2, "perplexity must be > 1, got 1.0"),
        (["--embeddings", "e", "--output_dir", "o", "--seed", "4294967296"], 2, "seed must be >= 0 and <= 4294967295"),
        (["--project", "nowhere"], 1, "is not a Prism-H project"),
    ],
)
def test_wrong_use_ends_with_one_sentence(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_a_project_keeps_its_map_and_shows_it_moving(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    said = []
    made = jobs.run(map_project(project), said.append)
    assert said[0].metrics["positions"].shape == (30, 2)
    assert all(np.array_equal(p.metrics["photo_ids"], [photo.id for photo in photos]) for p in said)
    kept = project.maps.newest(project.features.get("starter"))
    assert kept is not None
    assert np.array_equal(kept.positions, made.positions)
    assert kept.method == "tsne"


def test_a_stopped_map_is_kept(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    stop = jobs.StopToken()
    jobs.run(map_project(project, stop=stop), lambda p: stop.stop() if p.done == 50 else None, stop)
    kept = project.maps.newest(project.features.get("starter"))
    assert kept is not None
    assert not kept.parameters["finished"]
    assert len(kept.positions) == 30


def test_the_command_maps_a_project_and_writes_the_file_where_asked(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    arguments = ["--project", str(project.folder), "--output_dir", str(tmp_path), "--method", "pca", "--quiet"]
    assert main(arguments) == 0
    kept = project.maps.newest(project.features.get("starter"))
    assert kept is not None
    assert kept.method == "pca"
    rows = read_csv(tmp_path / "map.csv", ("file_path", "x", "y"))
    assert rows[0]["file_path"] == "photos/000.jpg"
    assert np.float32(rows[29]["y"]) == kept.positions[29, 1]


def test_photos_set_aside_are_not_on_the_map(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", heaps((10, 10))[0])
    project.photos.overrule([photos[0].id], "set aside")
    assert photos[0].id not in jobs.run(map_project(project, method="pca")).photo_ids


def test_a_project_without_features_says_what_to_do(project: Project) -> None:
    with pytest.raises(PrismhError, match="run extract first"):
        jobs.run(map_project(project))


def test_importing_the_step_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        f"import sys, {map_embeddings.__name__}; print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_map_stopped_half_way_does_not_take_the_place_of_a_finished_one(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    finished = jobs.run(map_project(project))
    stop = jobs.StopToken()
    jobs.run(map_project(project, seed=1, stop=stop), lambda p: stop.stop() if p.done == 50 else None, stop)
    kept = project.maps.newest(project.features.get("starter"))
    assert kept is not None
    assert np.array_equal(kept.positions, finished.positions)


def test_photos_added_later_are_placed_and_nothing_else_moves(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((30, 30))
    order = np.random.default_rng(0).permutation(60)
    embeddings, heap = embeddings[order], heap[order]
    fill_with_embeddings(project, tmp_path / "photos", embeddings[:50])
    before = jobs.run(map_project(project))
    fill_with_embeddings(project, tmp_path / "photos", embeddings)
    seen: list[jobs.Progress] = []
    after = jobs.run(map_project(project, keep_places=True), seen.append)
    assert len(after.photo_ids) == 60
    assert np.array_equal(after.positions[:50], before.positions)
    assert all(len(p.metrics["positions"]) == 60 for p in seen if "positions" in p.metrics)
    nearest = np.linalg.norm(after.positions[50:, None] - before.positions[None], axis=2).argmin(axis=1)
    assert (heap[:50][nearest] == heap[50:]).all()
    again = jobs.run(map_project(project, keep_places=True))
    assert np.array_equal(again.positions, after.positions)


def test_where_many_photos_are_new_the_map_is_made_anew_and_lies_like_the_one_before(
    project: Project, tmp_path: Path
) -> None:
    embeddings, _ = heaps((30, 30, 30))
    order = np.random.default_rng(0).permutation(90)
    fill_with_embeddings(project, tmp_path / "photos", embeddings[order][:50])
    before = jobs.run(map_project(project))
    fill_with_embeddings(project, tmp_path / "photos", embeddings[order])
    after = jobs.run(map_project(project, keep_places=True))
    assert not np.array_equal(after.positions[:50], before.positions)
    # A turn or a mirror image in place of this map would lie further from the one before.
    shared = after.positions[:50] - after.positions[:50].mean(axis=0)
    there = before.positions - before.positions.mean(axis=0)
    distance = ((shared - there) ** 2).sum()
    for other in ([[0, 1], [-1, 0]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[-1, 0], [0, 1]], [[1, 0], [0, -1]]):
        assert distance < ((shared @ np.array(other) - there) ** 2).sum()


def test_a_learned_map_lies_like_the_starter_s(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((25, 20, 15))
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    instant = jobs.run(map_project(project))
    add_features(project, embeddings[:, ::-1].copy() * 2, "run-1")
    learned = jobs.run(map_project(project, "run-1", seed=3))
    assert len(learned.photo_ids) == len(photos)
    one, other = (made.positions - made.positions.mean(axis=0) for made in (instant, learned))
    for turn in ([[-1, 0], [0, 1]], [[0, 1], [-1, 0]], [[0, -1], [1, 0]], [[1, 0], [0, -1]]):
        assert (one * (other @ np.array(turn))).sum() < (one * other).sum()


def test_a_project_keeps_a_map_of_each_method(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    by_tsne = jobs.run(map_project(project))
    by_components = jobs.run(map_project(project, method="pca"))
    features = project.features.get("starter")
    for method, made in (("tsne", by_tsne), ("pca", by_components), (None, by_components)):
        kept = project.maps.newest(features, method)
        assert kept is not None
        assert np.array_equal(kept.positions, made.positions)
