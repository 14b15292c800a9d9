"""The step extract: every usable photo gets its embedding once, whatever interrupts it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from prismh_engine import embedding_files, jobs
from prismh_engine.core.extract_embeddings import ExtractReport, ExtractSettings, extract, extract_project, main
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress, Stopped, StopToken
from prismh_engine.models import encoders, starter
from prismh_engine.models.pixels import IMAGENET_MEAN, IMAGENET_STD, prepare
from prismh_engine.models.torchvision_operators import import_torchvision
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.folder import list_photos
from prismh_engine.project import Project
from prismh_engine.settings import resolve

Seen = list[Progress]


def run(on_progress: Callable[[Progress], None] | None = None, stop: StopToken | None = None, **flags: Any) -> Any:
    return jobs.run(extract(resolve(ExtractSettings, flags), stop), on_progress, stop)


def encoded(seen: Seen) -> int:
    """How many photos went through an encoder."""
    return max((progress.done for progress in seen if progress.what.startswith("Seeing")), default=0)


@pytest.fixture
def photos(photo_folder: Path, tmp_path: Path) -> Path:
    """A copy of the generated photos in two subfolders, which a test may change."""
    folder = tmp_path / "photos"
    for path in photo_folder.glob("*.jpg"):
        target = folder / path.stem.split("_")[0] / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """What a training leaves, as far as embedding needs it."""
    torch.manual_seed(5)
    encoder = encoders.build("resnet18")
    state = {f"encoder.{key}": tensor for key, tensor in encoder.state_dict().items()}
    path = tmp_path / "best_model.pt"
    torch.save({"model_state_dict": state, "model": {"base_model": "resnet18", "image_size": 64}}, path)
    return path


@pytest.fixture
def looked_at(project: Project, photos: Path) -> Project:
    project.add_folder(photos)
    jobs.run(look_at_project(project))
    return project


def test_a_folder_becomes_an_npz_and_its_description(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    (photos / "notes.txt").write_text("no photo at all")
    out = tmp_path / "out"
    report: ExtractReport = run(input_dir=photos, output_dir=out)
    with np.load(out / "all_embeddings.npz", allow_pickle=False) as file:
        assert set(file) == {"embeddings", "file_paths", "root"}
        assert file["embeddings"].shape == (24, 1280)
        assert file["embeddings"].dtype == np.float32
        assert np.isfinite(file["embeddings"]).all()
        assert file["file_paths"].tolist() == sorted(p.relative_to(photos).as_posix() for p in photos.glob("*/*.jpg"))
        assert str(file["root"]) == str(photos)
        rows, names = file["embeddings"], file["file_paths"].tolist()
    description = json.loads((out / "extraction_metadata.json").read_text(encoding="utf-8"))
    assert set(description) == {
        "encoder", "weights_sha256", "image_size", "dimension", "photos", "skipped", "created", "version",
    }  # fmt: skip
    assert (description["encoder"], description["image_size"], description["dimension"]) == (
        "efficientnet_lite0", 224, 1280,
    )  # fmt: skip
    assert (description["photos"], description["skipped"]) == (24, 1)
    assert "24 photos" in str(report)
    assert "1 could not be used" in str(report)
    # Cached copies are JPEG again, so that features differ a little from those of the photo itself.
    direct = starter.starter_features([photos / names[0], photos / names[23]])
    for row, expected in zip(rows[[0, 23]], direct, strict=True):
        assert row @ expected / np.linalg.norm(row) / np.linalg.norm(expected) > 0.98


def test_a_second_extract_computes_nothing_anew(photos: Path, tmp_path: Path) -> None:
    seen: Seen = []
    run(input_dir=photos, output_dir=tmp_path / "first")
    run(seen.append, input_dir=photos, output_dir=tmp_path / "second")
    assert encoded(seen) == 0
    first, second = (embedding_files.read(tmp_path / n / "all_embeddings.npz") for n in ("first", "second"))
    assert first.file_paths == second.file_paths
    np.testing.assert_array_equal(first.embeddings, second.embeddings)


def test_only_new_photos_are_computed_and_equal_ones_once(photos: Path, tmp_path: Path, photo_folder: Path) -> None:
    for path in (photos / "tyre").iterdir():
        path.rename(tmp_path / path.name)
    run(input_dir=photos, output_dir=tmp_path / "out")
    for path in tmp_path.glob("tyre_*.jpg"):
        path.rename(photos / "tyre" / path.name)
    shutil.copy(photos / "tyre" / "tyre_0.jpg", photos / "a copy.jpg")
    seen: Seen = []
    run(seen.append, input_dir=photos, output_dir=tmp_path / "out")
    assert encoded(seen) == 8
    made = embedding_files.read(tmp_path / "out" / "all_embeddings.npz")
    assert len(made.file_paths) == 25
    rows = dict(zip(made.file_paths, made.embeddings, strict=True))
    np.testing.assert_array_equal(rows["a copy.jpg"], rows["tyre/tyre_0.jpg"])


def test_stopped_half_way_it_goes_on_where_it_was(photos: Path, tmp_path: Path) -> None:
    stop = StopToken()

    def stop_after_eight(progress: Progress) -> None:
        if progress.what.startswith("Seeing") and progress.done >= 8:
            stop.stop()

    with pytest.raises(Stopped):
        run(stop_after_eight, stop, input_dir=photos, output_dir=tmp_path / "out")
    assert not (tmp_path / "out" / "all_embeddings.npz").exists()
    seen: Seen = []
    run(seen.append, input_dir=photos, output_dir=tmp_path / "out")
    assert encoded(seen) == 16
    assert len(embedding_files.read(tmp_path / "out" / "all_embeddings.npz").file_paths) == 24


def test_a_checkpoint_is_used_at_the_size_it_learned_at(photos: Path, tmp_path: Path, checkpoint: Path) -> None:
    run(input_dir=photos, output_dir=tmp_path / "out", model_path=str(checkpoint), device="cpu")
    description = json.loads((tmp_path / "out" / "extraction_metadata.json").read_text(encoding="utf-8"))
    assert (description["encoder"], description["image_size"], description["dimension"]) == ("resnet18", 64, 512)
    made = embedding_files.read(tmp_path / "out" / "all_embeddings.npz")
    _, encoder, _ = encoders.from_file(checkpoint)
    assert description["weights_sha256"] == encoders.weights_sha256(encoder)
    with PhotoCache(tmp_path / "cache") as cache:
        found, look = jobs.run(list_photos(photos, cache))[0]
        image = prepare(cache.copy(found.path, look.content_hash), 64)
    pixels = (torch.from_numpy(image).permute(2, 0, 1) / 255 - torch.tensor(IMAGENET_MEAN)[:, None, None]) / (
        torch.tensor(IMAGENET_STD)[:, None, None]
    )
    with torch.inference_mode():
        expected = encoder.eval()(pixels[None])[0].numpy()
    assert found.relative == made.file_paths[0]
    np.testing.assert_allclose(made.embeddings[0], expected, atol=1e-3, rtol=1e-3)


def test_another_image_size_makes_other_embeddings(photos: Path, tmp_path: Path, checkpoint: Path) -> None:
    seen: Seen = []
    run(input_dir=photos, output_dir=tmp_path / "out", model_path=str(checkpoint), device="cpu")
    run(
        seen.append,
        input_dir=photos,
        output_dir=tmp_path / "o",
        model_path=str(checkpoint),
        image_size=96,
        device="cpu",
    )
    assert encoded(seen) == 24
    assert json.loads((tmp_path / "o" / "extraction_metadata.json").read_text(encoding="utf-8"))["image_size"] == 96


def test_a_network_of_timm_embeds_by_the_weights_of_a_file(photos: Path, tmp_path: Path) -> None:
    import_torchvision()
    import timm

    torch.manual_seed(1)
    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), tmp_path / "bare.pth")
    flags = {"input_dir": photos, "model_path": str(tmp_path / "bare.pth"), "encoder": "test_resnet", "device": "cpu"}
    report = run(**flags, output_dir=tmp_path / "out", export_onnx=tmp_path / "encoder.onnx")
    assert (report.encoder.name, report.encoder.image_size) == ("test_resnet", 160)
    made = embedding_files.read(tmp_path / "out" / "all_embeddings.npz")
    assert made.embeddings.shape == (24, report.encoder.dimension)

    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx", providers=["CPUExecutionProvider"])
    with PhotoCache(tmp_path / "cache") as cache:
        found, look = jobs.run(list_photos(photos, cache))[5]
        image = prepare(cache.copy(found.path, look.content_hash), 160)
    (by_onnx,) = session.run(None, {"images": image[None]})
    assert found.relative == made.file_paths[5]
    np.testing.assert_allclose(by_onnx[0], made.embeddings[5], atol=1e-3, rtol=1e-3)


def test_the_processes_of_one_torchrun_write_what_one_process_writes(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    command = ["-m", "prismh_engine.core.extract_embeddings", "--input_dir", str(photos), "--device", "cpu"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [sys.executable, *torchrun, *command, "--output_dir", str(tmp_path / "two")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Embeddings of 24 photos") == 1
    run(input_dir=photos, output_dir=tmp_path / "one", cache_dir=tmp_path / "another cache")
    one, two = (embedding_files.read(tmp_path / name / "all_embeddings.npz") for name in ("one", "two"))
    assert one.file_paths == two.file_paths
    assert one.roots == two.roots
    np.testing.assert_allclose(one.embeddings, two.embeddings, atol=1e-5)
    described = [json.loads((tmp_path / name / "extraction_metadata.json").read_text()) for name in ("one", "two")]
    assert [d["skipped"] for d in described] == [1, 1]
    assert described[0]["weights_sha256"] == described[1]["weights_sha256"]


def test_the_starter_needs_no_torch(photos: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from prismh_engine.core.extract_embeddings import main; "
        f"assert main(['--input_dir', {str(photos)!r}, '--output_dir', {str(tmp_path / 'out')!r}, '--device', 'cpu',"
        " '--quiet']) == 0; print([m for m in ('torch', 'torchvision', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_project_keeps_features_of_each_encoder(looked_at: Project, checkpoint: Path) -> None:
    features = jobs.run(extract_project(looked_at))
    assert features.name == "starter"
    assert features.encoder == starter.identity()
    photos, embeddings = features.read(looked_at.photos.used())
    assert embeddings.shape == (len(photos), 1280)
    assert len(photos) == len(looked_at.photos.used()) > 0

    made = looked_at.runs.new()
    with pytest.raises(PrismhError, match="run-1 has saved nothing yet"):
        jobs.run(extract_project(looked_at, made.name))
    (made.folder / "checkpoints").mkdir(parents=True)
    shutil.copy(checkpoint, made.folder / "checkpoints" / "best_model.pt")
    learned = jobs.run(extract_project(looked_at, made.name))
    assert (learned.name, learned.encoder.name, learned.encoder.image_size) == ("run-1", "resnet18", 64)
    assert learned.read(photos)[1].shape == (len(photos), 512)
    assert looked_at.features.newest().name == "run-1"

    for run_name in (None, made.name):
        seen: Seen = []
        jobs.run(extract_project(looked_at, run_name), seen.append)
        assert encoded(seen) == 0


def test_a_stopped_project_keeps_what_was_seen(looked_at: Project) -> None:
    stop = StopToken()
    with pytest.raises(Stopped):
        jobs.run(extract_project(looked_at, stop=stop), lambda p: stop.stop() if p.done else None, stop)
    kept = len(looked_at.features.get("starter").rows())
    assert 0 < kept < 24
    seen: Seen = []
    jobs.run(extract_project(looked_at), seen.append)
    assert encoded(seen) == 24 - kept


def test_a_project_takes_over_what_the_cache_knows(looked_at: Project, photos: Path, tmp_path: Path) -> None:
    run(input_dir=photos, output_dir=tmp_path / "out", cache_dir=tmp_path / "cache")
    seen: Seen = []
    run(seen.append, project=looked_at.folder, cache_dir=tmp_path / "cache")
    assert encoded(seen) == 0
    assert len(looked_at.features.get("starter").rows()) == 24


def test_a_project_takes_over_what_was_computed_before_it_was_made(looked_at: Project, photos: Path) -> None:
    run(input_dir=photos, output_dir=looked_at.folder.parent / "out")
    seen: Seen = []
    run(seen.append, project=looked_at.folder)
    assert encoded(seen) == 0
    assert len(looked_at.features.get("starter").rows()) == 24


def test_a_projects_npz_names_its_folders(looked_at: Project, photos: Path, tmp_path: Path) -> None:
    run(project=looked_at.folder, output_dir=tmp_path / "out")
    made = embedding_files.read(tmp_path / "out" / "all_embeddings.npz")
    assert made.roots == {"photos": photos}
    assert made.file_paths == [photo.file_path for photo in looked_at.photos.used()]


def test_a_projects_newest_run_is_the_default(looked_at: Project, checkpoint: Path) -> None:
    made = looked_at.runs.new()
    path = made.folder / "checkpoints" / "best_model.pt"
    path.parent.mkdir(parents=True)
    shutil.copy(checkpoint, path)
    looked_at.runs.new()  # one that has saved nothing
    assert run(project=looked_at.folder, device="cpu").encoder.name == "resnet18"
    assert run(project=looked_at.folder, model_path=str(path), device="cpu").encoder.name == "resnet18"
    assert run(project=looked_at.folder, model_path="starter").encoder.name == "efficientnet_lite0"


def test_joined_rows_are_the_learned_and_the_starters_side_by_side(
    photos: Path, tmp_path: Path, checkpoint: Path
) -> None:
    for name, flags in (
        ("learned", {"model_path": str(checkpoint)}),
        ("starter", {}),
        ("joined", {"model_path": str(checkpoint), "features": "joined"}),
    ):
        report = run(input_dir=photos, output_dir=tmp_path / name, device="cpu", **flags)
    read = {n: embedding_files.read(tmp_path / n / "all_embeddings.npz") for n in ("learned", "starter", "joined")}
    assert read["joined"].file_paths == read["learned"].file_paths
    assert read["joined"].embeddings.shape == (24, 512 + 1280)
    for part, name in ((slice(512), "learned"), (slice(512, None), "starter")):
        rows = read[name].embeddings
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        np.testing.assert_allclose(read["joined"].embeddings[:, part], unit, atol=1e-6)
    described = [json.loads((tmp_path / n / "extraction_metadata.json").read_text()) for n in read]
    assert described[2]["encoder"] == "resnet18+efficientnet_lite0"
    assert described[2]["weights_sha256"] == f"{described[0]['weights_sha256']}+{described[1]['weights_sha256']}"
    assert (described[2]["image_size"], described[2]["dimension"]) == (64, 1792)
    assert report.encoder.dimension == 1792


def test_a_projects_joined_rows_come_from_the_two_sets_it_keeps(
    looked_at: Project, checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(PrismhError, match="has learned nothing yet"):
        run(project=looked_at.folder, features="joined")
    made = looked_at.runs.new()
    (made.folder / "checkpoints").mkdir(parents=True)
    shutil.copy(checkpoint, made.folder / "checkpoints" / "best_model.pt")
    run(project=looked_at.folder, features="joined", output_dir=tmp_path / "out", device="cpu")
    assert embedding_files.read(tmp_path / "out" / "all_embeddings.npz").embeddings.shape == (24, 1792)
    assert sorted(features.name for features in looked_at.features.all()) == sorted(["starter", made.name])


def test_a_photo_that_is_gone_is_left_out_and_counted(looked_at: Project, tmp_path: Path) -> None:
    gone = looked_at.photos.used()[3]
    gone.path.unlink()
    shutil.rmtree(looked_at.cache_folder)
    report = run(project=looked_at.folder, output_dir=tmp_path / "out")
    assert report.skipped == 1
    assert gone.file_path not in embedding_files.read(tmp_path / "out" / "all_embeddings.npz").file_paths


def test_the_command_says_in_one_sentence_what_is_wrong(
    photos: Path, tmp_path: Path, looked_at: Project, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out, project = ("--output_dir", str(tmp_path / "out")), ("--project", str(looked_at.folder))
    cases: list[tuple[int, str, tuple[str, ...]]] = [
        (2, "--output_dir", ("--input_dir", str(photos))),
        (2, "--input_dir", out),
        (2, "exclude each other", (*project, "--input_dir", str(photos))),
        (2, "exclude each other", (*project, "--image_size", "128")),
        (2, "image_size must be >= 32", ("--input_dir", str(photos), *out, "--image_size", "1")),
        (2, "exclude each other", (*project, "--encoder", "resnet34")),
        (2, "needs the weights of this network", ("--input_dir", str(photos), *out, "--encoder", "resnet34")),
        (2, "Did you mean", ("--input_dir", str(photos), *out, "--encoder", "resnet43", "--model_path", "w.pth")),
        (
            2,
            "holds the weights of resnet18, not of resnet34",
            ("--input_dir", str(photos), *out, "--encoder", "resnet34", "--model_path", str(checkpoint)),
        ),
        (2, "beside the starter's", ("--input_dir", str(photos), *out, "--features", "joined")),
        (2, "beside the starter's", (*project, "--features", "joined", "--model_path", "starter")),
        (
            2,
            "leave one out",
            (
                "--input_dir",
                str(photos),
                *out,
                "--features",
                "joined",
                "--model_path",
                str(checkpoint),
                "--export_onnx",
                str(tmp_path / "e.onnx"),
            ),
        ),
        (1, "no photo", ("--input_dir", str(empty), *out)),
        (1, "is not a folder", ("--input_dir", str(tmp_path / "nowhere"), *out)),
        (1, "a JPEG picture", ("--input_dir", str(photos), *out, "--model_path", str(photos / "drum" / "drum_0.jpg"))),
        (1, "No such file", ("--input_dir", str(photos), *out, "--model_path", str(tmp_path / "gone.pt"))),
        (1, "not the best_model.pt of a run", (*project, "--model_path", str(checkpoint))),
    ]
    for code, sentence, argv in cases:
        assert main(argv) == code
        captured = capsys.readouterr()
        last = captured.err.strip().splitlines()[-1]
        assert sentence in last
        assert "Traceback" not in captured.err
    assert not (tmp_path / "out").exists()
