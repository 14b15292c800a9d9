"""A training is put down and taken up, and ends as if nobody had disturbed it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import TrainReport, TrainSettings, checkpoint, main, train
from prismh_engine.settings import resolve

from .conftest import tiny_flags


def state(run: Path, name: str = "last.pt") -> dict:
    return torch.load(run / "checkpoints" / name, weights_only=True)


def copy_run(run: Path, target: Path) -> None:
    """No file of a run is ever changed in place, so that a second name serves."""
    shutil.copytree(run, target, copy_function=os.link)


def assert_same_end(run: Path, other: Path) -> None:
    """The same weights, optimizer and metrics, bit for bit."""
    for name in ("last.pt", "best_model.pt"):
        ours, theirs = state(run, name), state(other, name)
        assert ours["step"] == theirs["step"]
        torch.testing.assert_close(ours["model_state_dict"], theirs["model_state_dict"], rtol=0, atol=0)
        torch.testing.assert_close(ours["optimizer_state_dict"], theirs["optimizer_state_dict"], rtol=0, atol=0)
    assert (run / "metrics.csv").read_bytes() == (other / "metrics.csv").read_bytes()
    assert (run / "encoder.safetensors").read_bytes() == (other / "encoder.safetensors").read_bytes()


def job(photos: Path, run: Path, stop: jobs.StopToken, **flags: object) -> jobs.Job[TrainReport]:
    words = iter(tiny_flags(photos, run)[:-1])
    given = {flag.removeprefix("--"): next(words) for flag in words}
    return train(resolve(TrainSettings, {**given, **flags}), stop)


class StopsAtLook(jobs.StopToken):
    """Is set when it has been looked at so many times since the second step: in the middle of the third one."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.armed = False
        self._left = looks

    @property
    def stopped(self) -> bool:
        if self.armed:
            self._left -= 1
        return self._left < 0


def test_a_run_killed_in_mid_epoch_resumes_to_the_same_weights(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, learn: Callable[..., int]
) -> None:
    command = [sys.executable, "-m", "prismh_engine.models.simclr", *tiny_flags(tiny_photos, tmp_path / "run")[:-1]]
    flags = ["--checkpoint_minutes", "0", "--progress", "json"]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, env=one_thread) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["what"] == "Learning" and json.loads(line)["done"] == 4:
                os.kill(process.pid, signal.SIGKILL)
                break
    found, _ = checkpoint.newest_good(tmp_path / "run" / "checkpoints")
    assert found is not None
    assert 3 <= found[1]["step"] < 9  # what was being written beside the next step may be lost
    assert learn("--resume_from", "auto", "--num_workers", "3") == 0
    assert_same_end(tmp_path / "run", run_left_alone)


def test_a_stop_inside_a_step_keeps_the_last_whole_step(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, learn: Callable[..., int]
) -> None:
    stop = StopsAtLook(90)  # a forward pass has some sixty layers, so this is in the backward pass

    def arm(progress: jobs.Progress) -> None:
        stop.armed = progress.what == "Learning" and progress.done >= 2

    report = jobs.run(job(tiny_photos, tmp_path / "run", stop), arm, stop)
    assert not report.finished
    assert "--resume_from auto" in str(report)
    assert (state(tmp_path / "run")["epoch"], state(tmp_path / "run")["batch"]) == (0, 2)
    assert not (tmp_path / "run" / "encoder.safetensors").exists()
    assert learn("--resume_from", "auto") == 0
    assert_same_end(tmp_path / "run", run_left_alone)


def test_a_pause_saves_waits_and_goes_on_to_the_same_end(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    stop, told = jobs.StopToken(), []

    def listen(progress: jobs.Progress) -> None:
        told.append((progress.what, progress.done))
        if told[-1] == ("Learning", 4):
            stop.pause()
        if progress.what == "Paused":
            assert state(tmp_path / "run")["step"] == 4
            stop.resume()

    report = jobs.run(job(tiny_photos, tmp_path / "run", stop), listen, stop)
    assert ("Paused", 4) in told
    assert report.finished
    assert_same_end(tmp_path / "run", run_left_alone)


def test_a_stop_during_a_pause_ends_it(tiny_photos: Path, tmp_path: Path) -> None:
    stop = jobs.StopToken()

    def listen(progress: jobs.Progress) -> None:
        if progress.done == 1:
            stop.pause()
        if progress.what == "Paused":
            stop.stop()

    report = jobs.run(job(tiny_photos, tmp_path / "run", stop), listen, stop)
    assert (report.finished, report.epochs_done) == (False, 0)
    assert state(tmp_path / "run")["batch"] == 1


def test_progress_tells_what_a_person_wants_to_know(tiny_photos: Path, tmp_path: Path) -> None:
    told: list[jobs.Progress] = []
    jobs.run(job(tiny_photos, tmp_path / "run", jobs.StopToken(), epochs=1), told.append)
    steps = [progress for progress in told if progress.what == "Learning"]
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert all(
        {"epoch", "epochs", "loss", "learning_rate", "photos_per_second", "seconds_left", "seconds_since_saved"}
        <= set(step.metrics)
        for step in steps
    )
    assert ["val_loss" in step.metrics for step in steps] == [False, False, True]


def test_an_epochs_measures_are_told_with_the_number_of_that_epoch(tiny_photos: Path, tmp_path: Path) -> None:
    told: list[jobs.Progress] = []
    jobs.run(job(tiny_photos, tmp_path / "run", jobs.StopToken(), epochs=2), told.append)
    ends = [progress.metrics for progress in told if "val_loss" in progress.metrics]
    assert [(end["epoch"], end["step"]) for end in ends] == [(1, 3), (2, 6)]


def test_a_finished_run_says_so_and_can_be_made_longer_wherever_its_photos_lie(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_run(run_left_alone, tmp_path / "run")
    shutil.copytree(tiny_photos, tmp_path / "moved")
    again = ["--output_dir", str(tmp_path / "run"), "--resume_from", "auto"]
    assert main(again) == 0
    assert "was finished before" in capsys.readouterr().out
    assert main([*again, "--epochs", "4", "--data_dir", str(tmp_path / "moved")]) == 0
    assert state(tmp_path / "run")["epoch"] == 4
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 5


def test_going_back_to_an_older_checkpoint_sets_the_later_work_aside(
    run_left_alone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    copy_run(run_left_alone, run)
    assert main(["--resume_from", str(run / "checkpoints" / "checkpoint_epoch_2.pt")]) == 0
    assert "superseded" in capsys.readouterr().out
    (aside,) = (run / "superseded").iterdir()
    assert {p.name for p in (aside / "checkpoints").iterdir()} >= {"last.pt", "checkpoint_epoch_3.pt"}
    assert len((aside / "metrics.csv").read_text().splitlines()) == 2
    assert (run / "metrics.csv").read_bytes() == (run_left_alone / "metrics.csv").read_bytes()
    assert torch.equal(
        state(run)["model_state_dict"]["encoder.conv1.weight"],
        state(run_left_alone)["model_state_dict"]["encoder.conv1.weight"],
    )


def test_tensorboard_shows_each_step_and_epoch_once_after_going_back_into_mid_epoch(
    run_left_alone: Path, tmp_path: Path, tiny_photos: Path, learn: Callable[..., int]
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run, stop = tmp_path / "run", jobs.StopToken()

    def stop_in_epoch_2(progress: jobs.Progress) -> None:
        if progress.what == "Learning" and progress.done == 5:
            stop.stop()

    jobs.run(job(tiny_photos, run, stop), stop_in_epoch_2, stop)
    shutil.copy(run / "checkpoints" / "last.pt", tmp_path / "early.pt")
    assert learn("--resume_from", "auto") == 0
    shutil.copy(tmp_path / "early.pt", run / "checkpoints" / "early.pt")
    assert learn("--resume_from", run / "checkpoints" / "early.pt") == 0

    def shown(folder: Path, tag: str) -> list[tuple[int, float]]:
        log = EventAccumulator(str(folder / "tensorboard"))
        log.Reload()
        return [(point.step, point.value) for point in log.Scalars(tag)]

    assert [step for step, _ in shown(run, "Step/loss")] == list(range(1, 10))
    assert [epoch for epoch, _ in shown(run, "Loss/Train")] == [1, 2, 3]
    for tag in ("Step/loss", "Loss/Train", "Loss/Validation", "Learning_Rate", "Health/rankme"):
        assert shown(run, tag) == shown(run_left_alone, tag)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard's own thread
def test_a_disk_that_refuses_tensorboards_log_is_told_in_a_sentence(tiny_photos: Path, tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def refuse(progress: jobs.Progress) -> None:
        if progress.what == "Learning" and progress.done == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))

    try:
        with pytest.raises(PrismhError, match="What was there before is unchanged"):
            jobs.run(job(tiny_photos, tmp_path / "run", jobs.StopToken()), refuse)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_batches_joined_into_a_step_say_what_batch_norm_sees_of_them(tiny_photos: Path, tmp_path: Path) -> None:
    learning, frozen = (
        jobs.run(
            job(tiny_photos, tmp_path / str(still), jobs.StopToken(), epochs=1, accumulation_steps=2, freeze_bn=still)
        ).notes
        for still in (False, True)
    )
    assert any("all 8 photos of a step; batch norm, which learns, takes its statistics from 4" in n for n in learning)
    assert not any("atch norm" in note for note in frozen)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": {"base_model": "resnet50"}}, "holds a model with resnet50, but this one has resnet18"),
        ({"model_state_dict": {"encoder.conv1.weight": torch.zeros(3)}}, "does not fit this model"),
        ({"optimizer_state_dict": {"state": {}, "param_groups": []}}, "does not hold all of a training"),
        ({"sums": {}}, "does not hold all of a training"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_told_in_a_sentence(
    run_left_alone: Path,
    learn: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict,
    sentence: str,
) -> None:
    odd = tmp_path / "odd.pt"
    torch.save({**state(run_left_alone, "checkpoint_epoch_1.pt"), **change}, odd)
    assert learn("--resume_from", odd) == 1
    told = capsys.readouterr().err
    assert sentence in told
    assert str(odd) in told


@pytest.mark.parametrize("with_encoder", [False, True])
def test_what_a_kill_came_before_is_written_by_the_resume(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, with_encoder: bool
) -> None:
    run, best = tmp_path / "run", state(run_left_alone, "best_model.pt")["epoch"]
    copy_run(run_left_alone, run)
    checkpoints = run / "checkpoints"
    # As it was when last.pt had been saved at the end of the best epoch, and nothing after it.
    (checkpoints / f"checkpoint_epoch_{best}.pt").rename(checkpoints / "last.pt")
    for later in range(best + 1, 4):
        (checkpoints / f"checkpoint_epoch_{later}.pt").unlink()
    (checkpoints / "best_model.pt").unlink()
    if best > 1:
        os.link(checkpoints / f"checkpoint_epoch_{best - 1}.pt", checkpoints / "best_model.pt")
    if not with_encoder:
        (run / "encoder.safetensors").unlink()
    (checkpoints / ".abcdefgh.part").write_bytes(b"half of a checkpoint")
    assert main([*tiny_flags(tiny_photos, run), "--resume_from", "auto", "--checkpoint_every", "1"]) == 0
    assert_same_end(run, run_left_alone)
    names = [sorted(path.name for path in (folder / "checkpoints").iterdir()) for folder in (run, run_left_alone)]
    assert names[0] == names[1]


def test_the_file_of_weights_a_run_started_from_need_not_be_there_later(
    run_left_alone: Path, tmp_path: Path, learn: Callable[..., int]
) -> None:
    weights = tmp_path / "weights.safetensors"
    shutil.copy(run_left_alone / "encoder.safetensors", weights)
    assert learn("--weights", weights, "--epochs", 1) == 0
    weights.unlink()
    assert main(["--output_dir", str(tmp_path / "run"), "--resume_from", "auto", "--epochs", "2", "--quiet"]) == 0
    assert state(tmp_path / "run")["epoch"] == 2


def test_a_run_that_ended_before_its_first_checkpoint_begins_again_with_its_settings(
    run_left_alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    copy_run(run_left_alone, run)
    shutil.rmtree(run / "checkpoints")
    assert main(["--output_dir", str(run), "--resume_from", "auto", "--checkpoint_every", "1", "--quiet"]) == 0
    assert_same_end(run, run_left_alone)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--temperature", "0.2"], "--temperature 0.5, but --temperature 0.2 is given"),
        (["--batch_size", "8"], "--batch_size 4, but --batch_size 8 is given"),
        (["--freeze_bn"], "--freeze_bn off, but --freeze_bn on is given"),
        (["--grad_clip", "1"], "--grad_clip not set, but --grad_clip 1.0 is given"),
        (["--epochs", "2"], "--epochs 3, but --epochs 2 is given"),
    ],
)
def test_a_flag_that_contradicts_the_checkpoint_is_refused_with_both_values(
    run_left_alone: Path,
    tiny_photos: Path,
    flags: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*tiny_flags(tiny_photos, run_left_alone), "--resume_from", "auto", *flags]) == 2
    assert said in capsys.readouterr().err


def test_a_checkpoint_of_one_run_does_not_go_on_in_the_folder_of_another(
    run_left_alone: Path, tmp_path: Path, learn: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    assert learn("--resume_from", run_left_alone / "checkpoints" / "last.pt", "--epochs", 4) == 1
    assert "holds another training" in capsys.readouterr().err


def test_changed_photos_are_named_and_must_be_allowed(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_run(run_left_alone, tmp_path / "run")
    photos = tmp_path / "photos"
    shutil.copytree(tiny_photos, photos)
    (photos / "05.png").rename(photos / "new name.png")
    (photos / "03.png").unlink()
    again = [*tiny_flags(photos, tmp_path / "run"), "--epochs", "4", "--resume_from", "auto"]
    assert main(again) == 1
    said = capsys.readouterr().err
    assert "1 gone (03.png)" in said
    assert "--allow_changed_photos" in said
    assert main([*again, "--allow_changed_photos"]) == 0


def test_torchs_thread_count_is_that_of_the_checkpoint(run_left_alone: Path, tiny_photos: Path, tmp_path: Path) -> None:
    copy_run(run_left_alone, tmp_path / "run")
    saved = state(tmp_path / "run")
    before = torch.get_num_threads()
    seen: list[int] = []
    checkpoint.write(tmp_path / "run" / "checkpoints" / "last.pt", {**saved, "torch_threads": before + 1})
    stop = jobs.StopToken()

    def listen(progress: jobs.Progress) -> None:
        seen.append(torch.get_num_threads())
        if progress.what == "Learning":
            stop.stop()

    jobs.run(job(tiny_photos, tmp_path / "run", stop, resume_from="auto", epochs=4), listen, stop)
    assert seen[-1] == before + 1
    assert torch.get_num_threads() == before
