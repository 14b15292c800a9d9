"""One sitting of a training: batch after batch, with everything that is written and told beside them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from ...errors import PrismhError
from ...jobs import Job, Progress, Stopped, StopToken
from ..ranks import Ranks
from . import event_log, health
from .checkpoint import CheckpointWriter
from .learner import Learner
from .run_folder import RunFolder
from .step import MEASURES, DivergedError, Interrupted
from .worth_probe import least_bad

LEARNING, PAUSED = "Learning", "Paused"
MEASURING_START = "Measuring the encoder before it learns"
_HOURS_WORTH_SAYING = 2.0
_BATCHES_REMEMBERED = 50
_EPOCH_SCALARS = {"train_loss": "Loss/Train", "val_loss": "Loss/Validation", "learning_rate": "Learning_Rate"}
_HEALTH = (*MEASURES[1:], "rankme", "knn", "worth")


class Agreement:
    """What all ranks decide together before each step: to go on, to stop, or to leave with an error of one of them.

    No rank may leave alone, since the others would wait for it.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._error: PrismhError | None = None

    def keep(self, error: PrismhError) -> None:
        """An error of this rank, for `settle`."""
        self._error = error

    def settle(self, wanted: bool) -> None:
        """Raise `Interrupted` where any rank wants to stop, the error where any has one."""
        if self._ranks.any(wanted or self._error is not None):
            self._ranks.raise_together(self._error)
            raise Interrupted


def follow(learner: Learner, ranks: Ranks, stop: StopToken | None) -> None:
    """The sitting of a rank that writes and tells nothing."""
    agreement = Agreement(ranks)
    while not learner.finished:
        try:
            if not learner.epoch_is_through:
                learner.fetch()
        except PrismhError as error:
            agreement.keep(error)
        try:
            agreement.settle(stop is not None and stop.stopped)
        except Interrupted:
            return
        if learner.start_is_to_be_measured:
            learner.measure_start()
        try:
            if not learner.epoch_is_through:
                learner.learn_batch()
            if learner.epoch_is_through:
                learner.end_epoch()
        except PrismhError as error:
            agreement.keep(error)


class Sitting:
    """Drains a `Learner` into a `RunFolder`. notes: sentences for the person, those of this sitting added.

    kept: what a checkpoint holds beside the learner's state. To be used in a `with`.
    """

    def __init__(
        self, learner: Learner, folder: RunFolder, kept: dict[str, Any], notes: list[str], ranks: Ranks
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter  # two seconds that only a training should wait for

        self.notes = notes
        self._learner = learner
        self._folder = folder
        self._kept = kept
        self._agreement = Agreement(ranks)
        self._ranks = ranks
        self._checkpoints = CheckpointWriter()
        event_log.cut_after(folder.tensorboard, learner.step, learner.epoch)
        self.writer: Any = SummaryWriter(str(folder.tensorboard))
        self._saved = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque(maxlen=_BATCHES_REMEMBERED)
        self._epoch_began, self._epoch_waited, self._epoch_photos = time.monotonic(), 0.0, 0
        self._estimated = learner.step > 0
        self.best_epoch = folder.best_epoch()
        """Whose weights `best_model.pt` holds, 0 for those of the start; None where it holds none."""
        if self.best_epoch is None and learner.epoch:  # it is lost, or was set aside
            self.best_epoch = folder.restore_best(least_bad(learner.badnesses))
        self._process = psutil.Process()

    def drain(self, stop: StopToken | None) -> Job[None]:
        """Learn until the end or a stop. Raises `PrismhError` with all work but a diverged step saved."""
        learner, folder = self._learner, self._folder
        folder.read_performance(learner.step)
        if learner.rows:
            folder.write_metrics(learner.rows)
        # A kill may have come before what was measured was kept.
        if learner.epoch and not learner.batch:
            self._keep_epoch(again=True)
        elif learner.worths and not learner.step and self.best_epoch is None:
            self._keep_start()
        for note in self.notes:
            yield Progress(note, 0, None, {"note": note})
        while not learner.finished:
            goes_on = yield from self._turn(stop)
            if not goes_on:
                self._checkpoints.wait()
                return
        if learner.stopped_improving and learner.epoch < learner.settings.epochs:
            self.notes.append(f"The loss got no better for {learner.settings.early_stopping_patience} epochs.")
        self._checkpoints.wait()
        folder.write_encoder()

    def __enter__(self) -> Sitting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._checkpoints.__exit__(kind, error, traceback)
        finally:
            with event_log.disk_errors_told(self._folder.tensorboard):
                self.writer.close()

    def _turn(self, stop: StopToken | None) -> Job[bool]:
        """Learn from a batch, or save and wait where someone asked; whether to go on."""
        try:
            try:
                if not self._learner.epoch_is_through:
                    self._learner.fetch()
            except PrismhError as error:
                self._agreement.keep(error)
            self._agreement.settle(stop is not None and (stop.stopped or stop.paused))
            if self._learner.start_is_to_be_measured:
                yield self._tell(MEASURING_START)
                self._learner.measure_start()
                self._keep_start()
            progress = self._advance()
            if progress is not None:
                yield progress
            if not self._estimated:
                self._estimated = True
                note = self._note_on_hours()
                if note:
                    self.notes.append(note)
                    yield Progress(note, 0, None, {"note": note})
        except (Stopped, Interrupted) as end:
            if isinstance(end, Stopped) and self._ranks.count > 1:
                return True  # the others learn of it before the next step
            self._save()
            if stop is None or stop.stopped:
                return False
            self._checkpoints.wait()
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

    def _keep_start(self) -> None:
        """The start is the best there is until an epoch is worth more."""
        self.best_epoch = 0
        self._save(self._folder.best)

    def _advance(self) -> Progress | None:
        """Take a step, and end the epoch after its last one. What goes wrong is told before the next step."""
        try:
            return self._take_step()
        except PrismhError as error:
            if self._ranks.count == 1:
                raise
            self._agreement.keep(error)
            return None

    def _take_step(self) -> Progress:
        learner = self._learner
        metrics: dict[str, Any] = {}
        if not learner.epoch_is_through:
            began, photos_before = time.monotonic(), learner.photos_done
            metrics = learner.learn_batch()
            photos = learner.photos_done - photos_before
            self._recent.append((time.monotonic() - began + learner.waited, photos))
            self._epoch_waited += learner.waited
            self._epoch_photos += photos
            shown = ("loss", "learning_rate", "grad_norm")
            self._log({f"{event_log.STEP}{name}": metrics.get(name) for name in shown}, learner.step)
        if learner.epoch_is_through:
            row = learner.end_epoch()
            warnings = self._end_epoch(row)
            metrics = {**metrics, **row, "loss": row["train_loss"], "warnings": tuple(warnings)}
        elif time.monotonic() - self._saved >= 60 * learner.settings.checkpoint_minutes:
            self._save()
        return self._tell(LEARNING, metrics)

    def _end_epoch(self, row: dict[str, Any]) -> list[str]:
        """Write what the epoch measured; return what is to be said of its health."""
        learner, folder = self._learner, self._folder
        scalars = {title: row[name] for name, title in _EPOCH_SCALARS.items()}
        scalars |= {f"Health/{name}": row[name] for name in _HEALTH}
        self._log(scalars, learner.epoch)
        folder.write_metrics(learner.rows)
        seconds = time.monotonic() - self._epoch_began
        performance = {
            "epoch": learner.epoch,
            "step": learner.step,
            "photos_per_second": self._epoch_photos / seconds,
            "data_wait_share": self._epoch_waited / seconds,
            "memory_mb": self._memory_mb(),
            "seconds_left": self._seconds_left(),
        }
        folder.add_performance(performance)
        shown = ("photos_per_second", "data_wait_share", "memory_mb")
        self._log({f"Performance/{name}": performance[name] for name in shown}, learner.epoch)
        self._epoch_began, self._epoch_waited, self._epoch_photos = time.monotonic(), 0.0, 0
        batches = learner.batches
        warnings = health.warnings(row, learner.rows[:-1], batches.batch_size, batches.photos_in_epoch)
        self.notes += [warning for warning in warnings if warning not in self.notes]
        self._keep_epoch()
        return warnings

    def _keep_epoch(self, *, again: bool = False) -> None:
        """Save the epoch that is through, under each name it deserves; again: but for those it has."""
        learner, folder, settings = self._learner, self._folder, self._learner.settings
        found, before = learner.badnesses, self.best_epoch
        # Compared with the weights there are, not with those there were: the best ones may be lost or set aside.
        best = before is None or before >= len(found) or found[-1] < found[before]
        kept = learner.finished or learner.epoch % settings.checkpoint_every == 0
        kept = kept and not (again and folder.numbered(learner.epoch).exists())
        also = []
        if kept:
            if settings.keep_checkpoints:
                self._checkpoints.wait()  # what is still being written counts too
                folder.make_room(settings.keep_checkpoints)
            also.append(folder.numbered(learner.epoch))
        if best:
            also.append(folder.best)
            self.best_epoch = learner.epoch
        if also or time.monotonic() - self._saved >= 60 * settings.checkpoint_minutes:
            self._save(*also)

    def _save(self, *also: Path) -> None:
        self._checkpoints.save({**self._learner.state(), **self._kept}, self._folder.last, also=also)
        self._saved = time.monotonic()
        with event_log.disk_errors_told(self._folder.tensorboard):
            self.writer.flush()  # a resume measures nothing again of what comes before the checkpoint

    def _log(self, scalars: Mapping[str, float | None], count: int) -> None:
        with event_log.disk_errors_told(self._folder.tensorboard):
            for title, value in scalars.items():
                if value is not None:
                    self.writer.add_scalar(title, value, count)

    def _memory_mb(self) -> float:
        return float(self._process.memory_info().rss / 1e6)

    def _tell(self, what: str, measured: dict[str, Any] | None = None) -> Progress:
        learner = self._learner
        under_way = 0 if learner.finished else 1
        metrics = {
            "epoch": learner.epoch + under_way,
            **(measured or {}),  # after an epoch with the number of that epoch
            "epochs": learner.settings.epochs,
            "photos_per_second": self._photos_per_second(),
            "memory_mb": self._memory_mb(),
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
