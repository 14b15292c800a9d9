"""One sitting of a training: batch after batch, with everything that is written and told beside them."""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Any

import psutil

from ...errors import PrismhError
from ...jobs import Job, Progress, Stopped, StopToken
from .learner import Learner
from .run_folder import RunFolder
from .step import DivergedError, Interrupted

LEARNING, PAUSED = "Learning", "Paused"
_HOURS_WORTH_SAYING = 2.0
_COLLAPSED = 0.05
_BATCHES_REMEMBERED = 50


class Sitting:
    """Drains a `Learner` into a `RunFolder`. notes: sentences for the person, those of this sitting added.

    kept: what a checkpoint holds beside the learner's state. Close it, or use it in a `with`.
    """

    def __init__(self, learner: Learner, folder: RunFolder, kept: dict[str, Any], notes: list[str]) -> None:
        from torch.utils.tensorboard import SummaryWriter  # two seconds that only a training should wait for

        self.notes = notes
        self._learner = learner
        self._folder = folder
        self._kept = kept
        self._writer: Any = SummaryWriter(str(folder.tensorboard), purge_step=learner.step or None)
        self._saved = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque(maxlen=_BATCHES_REMEMBERED)
        self._epoch_began, self._epoch_waited, self._epoch_photos = time.monotonic(), 0.0, 0
        self._estimated = learner.step > 0
        self._best_epoch = folder.best_epoch()

    def drain(self, stop: StopToken | None) -> Job[None]:
        """Learn until the end or a stop. Raises `PrismhError` with all work but a diverged step saved."""
        learner, folder = self._learner, self._folder
        folder.read_performance(learner.step)
        if learner.rows:
            folder.write_metrics(learner.rows)
        if learner.epoch and not learner.batch:
            self._keep_epoch(again=True)  # a kill may have come before it
        for note in self.notes:
            yield self._tell(note)
        while not learner.finished:
            goes_on = yield from self._turn(stop)
            if not goes_on:
                return
        if learner.stopped_improving and learner.epoch < learner.settings.epochs:
            self.notes.append(f"The loss got no better for {learner.settings.early_stopping_patience} epochs.")
        folder.write_encoder()

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Sitting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _turn(self, stop: StopToken | None) -> Job[bool]:
        """Learn from a batch, or save and wait where someone asked; whether to go on."""
        try:
            if stop is not None and (stop.stopped or stop.paused):
                raise Interrupted
            yield self._advance()
            if not self._estimated:
                self._estimated = True
                note = self._note_on_hours()
                if note:
                    self.notes.append(note)
                    yield self._tell(note)
        except (Stopped, Interrupted):
            self._save()
            if stop is None or stop.stopped:
                return False
            try:
                yield self._tell(PAUSED)
                stop.wait_while_paused()
            except Stopped:
                return False
            self._recent.clear()
        except DivergedError:
            raise
        except PrismhError:
            self._save()
            raise
        return True

    def _advance(self) -> Progress:
        learner = self._learner
        metrics: dict[str, Any] = {}
        if not learner.epoch_is_through:
            began, photos_before = time.monotonic(), learner.photos_done
            measured = learner.learn_batch()
            photos = learner.photos_done - photos_before
            self._recent.append((time.monotonic() - began, photos))
            self._epoch_waited += learner.waited
            self._epoch_photos += photos
            self._writer.add_scalar("Step/loss", measured["loss"], learner.step)
            self._writer.add_scalar("Step/learning_rate", measured["learning_rate"], learner.step)
            metrics = {"loss": measured["loss"], "learning_rate": measured["learning_rate"]}
        if learner.epoch_is_through:
            row = learner.end_epoch()
            self._end_epoch(row)
            metrics = {"loss": row["train_loss"], "learning_rate": row["learning_rate"], "val_loss": row["val_loss"]}
        elif time.monotonic() - self._saved >= 60 * learner.settings.checkpoint_minutes:
            self._save()
        return self._tell(LEARNING, metrics)

    def _end_epoch(self, row: dict[str, Any]) -> None:
        learner, folder = self._learner, self._folder
        for name, value in (
            ("Loss/Train", row["train_loss"]),
            ("Loss/Validation", row["val_loss"]),
            ("Learning_Rate", row["learning_rate"]),
        ):
            if value is not None:
                self._writer.add_scalar(name, value, learner.epoch)
        folder.write_metrics(learner.rows)
        seconds = time.monotonic() - self._epoch_began
        folder.add_performance({
            "epoch": learner.epoch,
            "step": learner.step,
            "photos_per_second": self._epoch_photos / seconds,
            "data_wait_share": self._epoch_waited / seconds,
            "memory_mb": psutil.Process().memory_info().rss / 1e6,
            "seconds_left": self._seconds_left(),
        })  # fmt: skip
        self._epoch_began, self._epoch_waited, self._epoch_photos = time.monotonic(), 0.0, 0
        if row["feature_std"] < _COLLAPSED:
            note = (
                "All photos have become nearly one point: a smaller --learning_rate or a lower --temperature may help."
            )
            if note not in self.notes:
                self.notes.append(note)
        self._keep_epoch()

    def _keep_epoch(self, *, again: bool = False) -> None:
        """Save the epoch that is through, under each name it deserves; again: but for those it has."""
        learner, folder, settings = self._learner, self._folder, self._learner.settings
        losses, before = learner.losses, self._best_epoch
        # Compared with the weights there are, not with the losses there were: the best ones may be lost or set aside.
        best = before is None or before > len(losses) or losses[-1] < losses[before - 1]
        kept = learner.finished or learner.epoch % settings.checkpoint_every == 0
        kept = kept and not (again and folder.numbered(learner.epoch).exists())
        if best or kept or time.monotonic() - self._saved >= 60 * settings.checkpoint_minutes:
            self._save()
        if kept:
            folder.keep_last_as_epoch(learner.epoch, settings.keep_checkpoints)
        if best:
            folder.keep_last_as_best()
            self._best_epoch = learner.epoch

    def _save(self) -> None:
        self._folder.save_last({**self._learner.state(), **self._kept})
        self._saved = time.monotonic()

    def _tell(self, what: str, measured: dict[str, Any] | None = None) -> Progress:
        learner = self._learner
        under_way = 0 if learner.finished else 1
        metrics = {
            "epoch": learner.epoch + under_way,
            "epochs": learner.settings.epochs,
            **(measured or {}),
            "photos_per_second": self._photos_per_second(),
            "seconds_left": self._seconds_left(),
            "seconds_since_saved": time.monotonic() - self._saved,
        }
        return Progress(what, learner.step, max(learner.total_steps, learner.step), metrics)

    def _photos_per_second(self) -> float | None:
        seconds = sum(seconds for seconds, _ in self._recent)
        return sum(photos for _, photos in self._recent) / seconds if seconds else None

    def _seconds_left(self) -> float | None:
        if not self._recent:
            return None
        a_batch = sum(seconds for seconds, _ in self._recent) / len(self._recent)
        return a_batch * max(self._learner.total_steps - self._learner.step, 0)

    def _note_on_hours(self) -> str:
        """What to say of a training that will take hours and was started without a preset; "" otherwise."""
        settings, left = self._learner.settings, self._seconds_left() or 0.0
        if settings.preset is not None or left < 3600 * _HOURS_WORTH_SAYING:
            return ""
        return (
            f"This will take about {left / 3600:.0f} hours on this machine. --preset standard starts from the starter "
            "encoder and takes about half an hour for 1,000 photos on two cores."
        )
