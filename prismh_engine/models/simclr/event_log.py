"""TensorBoard's log of a run that goes on from a checkpoint: each step and each epoch stands in it once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import PrismhError
from ...files import cannot_write, write_whole

STEP = "Step/"
"""Begins the tags of scalars that are counted in steps; all others are counted in epochs."""


def cut_after(folder: Path, step: int, epoch: int) -> None:
    """Take out of a log what was measured after a step and an epoch, since it will be measured again.

    `SummaryWriter(purge_step=...)` knows one count for all scalars, and drops its own step too.
    Raises `PrismhError` where the disk refuses.
    """
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    for path in sorted(folder.glob("events.out.tfevents.*")):
        try:
            records = list(RawEventFileLoader(str(path)).Load())
        except OSError as error:
            raise PrismhError(f"Cannot read TensorBoard's log {path}: {error.strerror}.") from error
        kept = [record for record in records if _is_before(Event.FromString(record), step, epoch)]
        if len(kept) == len(records):
            continue
        with write_whole(path) as stream:
            writer = RecordWriter(stream)
            for record in kept:
                writer.write(record)


@contextmanager
def disk_errors_told(folder: Path) -> Iterator[None]:
    """What a writer of TensorBoard's raises, often for an earlier call, as a `PrismhError`."""
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, error) from error


def _is_before(event: object, step: int, epoch: int) -> bool:
    values = event.summary.value  # type: ignore[attr-defined]
    return all(event.step <= (step if value.tag.startswith(STEP) else epoch) for value in values)  # type: ignore[attr-defined]
