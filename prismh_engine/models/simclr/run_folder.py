"""The files of a run: how each is written."""

from __future__ import annotations

import json
import platform
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ...errors import PrismhError
from ...files import make_folder, write_json, write_whole
from ...settings import Resolved, write_settings
from ...tables import read_csv, write_csv
from ...version import __version__
from . import checkpoint as checkpoints
from .run_files import RunFiles
from .settings import TrainSettings

METRICS = (
    "epoch", "step", "train_loss", "val_loss", "learning_rate", "grad_norm", "positive_similarity",
    "negative_similarity", "alignment", "uniformity", "feature_std", "rankme", "knn", "worth",
)  # fmt: skip
PERFORMANCE = ("epoch", "step", "photos_per_second", "data_wait_share", "memory_mb", "seconds_left")

_NUMBERED = re.compile(r"checkpoint_epoch_(\d+)\.pt")


class RunFolder(RunFiles):
    """A folder that holds, or will hold, one training."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._performance_rows: list[Sequence[Any]] = []

    def begin(self, resolved: Resolved[TrainSettings], about: Mapping[str, Any]) -> None:
        """Write `settings.json` and `run.json`. about: what is known of this training beside versions and command.

        Raises `PrismhError` where the folder cannot be written, or TensorBoard does not take its name.
        """
        if any("\udc80" <= c <= "\udcff" for c in str(self.folder)):
            raise PrismhError(
                f"The path {self.folder} is not UTF-8, and TensorBoard cannot write its log there: choose another "
                "output folder."
            )
        make_folder(self.folder)
        for folder in (self.folder, self.checkpoints):
            for unfinished in folder.glob(".*.part"):  # of a killed program; each may be as large as a checkpoint
                unfinished.unlink(missing_ok=True)
        write_settings(self.settings, resolved)
        write_json(self.about, {"command": _command(resolved), **about, "versions": versions()})

    def write_labels(self, teaching: Mapping[str, str]) -> None:
        """Write which photos taught which label, so that they can be kept out of a score."""
        write_csv(self.labels, ("file_path", "label"), sorted(teaching.items()))

    def write_metrics(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write `metrics.csv` anew: a row an epoch, numbers with nine digits, empty where not measured."""
        write_csv(self.metrics, METRICS, [[_nine_digits(row.get(name)) for name in METRICS] for row in rows])

    def read_performance(self, up_to_step: int) -> None:
        """Take over the rows of an earlier sitting."""
        if self.performance.exists():
            rows = [row for row in read_csv(self.performance, PERFORMANCE) if int(row["step"]) <= up_to_step]
            self._performance_rows = [[row[name] for name in PERFORMANCE] for row in rows]

    def add_performance(self, row: Mapping[str, Any]) -> None:
        self._performance_rows.append([_nine_digits(row[name]) for name in PERFORMANCE])
        write_csv(self.performance, PERFORMANCE, self._performance_rows)

    def best_epoch(self) -> int | None:
        """The epoch, counted from 1, whose weights `best_model.pt` holds; 0: those of the start.

        None where it cannot be read whole.
        """
        try:
            return int(checkpoints.read(self.best)["epoch"])
        except PrismhError:
            return None

    def restore_best(self, epoch: int) -> int | None:
        """Make the checkpoint of an epoch, where it was kept, the best one again; return what `best_epoch` is then."""
        if self.numbered(epoch).exists():
            checkpoints.copy(self.numbered(epoch), self.best)
        return self.best_epoch()

    def is_complete(self, badnesses: Sequence[float]) -> bool:
        """Whether a finished run has its last files, which a kill may have come before. badnesses: as of `badness`."""
        best = self.best_epoch()
        return best is not None and self._encoder_epoch() == best < len(badnesses) and badnesses[best] <= badnesses[-1]

    def numbered(self, epoch: int) -> Path:
        """Where the checkpoint of an epoch, counted from 1, lies where it is kept."""
        return self.checkpoints / f"checkpoint_epoch_{epoch}.pt"

    def make_room(self, keep: int) -> None:
        """Delete the oldest checkpoints of epochs, so that with the one to come there are `keep` >= 1."""
        numbered = {int(m[1]): p for p in self.checkpoints.glob("*.pt") if (m := _NUMBERED.fullmatch(p.name))}
        for old in sorted(numbered)[: max(len(numbered) + 1 - keep, 0)]:
            numbered[old].unlink()

    def write_encoder(self) -> None:
        """Write the encoder of the best epoch, the one whose features are extracted, as safetensors.

        Its keys are torchvision's or timm's. Raises `PrismhError` where the disk refuses.
        """
        from safetensors.torch import save

        state = checkpoints.read(self.best)
        tensors = {
            key.removeprefix("encoder."): tensor.contiguous()
            for key, tensor in state["model_state_dict"].items()
            if key.startswith("encoder.")
        }
        about = {"epoch": str(state["epoch"]), **{name: str(value) for name, value in state["model"].items()}}
        with write_whole(self.encoder) as stream:
            stream.write(_in_order(save(tensors, metadata={"format": "pt", **about})))

    def set_aside_after(self, step: int) -> Path | None:
        """Move what is later than `step` to `superseded/<time>/`, with checkpoints that cannot be read.

        Returns that folder, None where there is nothing to move.
        """
        known = checkpoints.steps(self.checkpoints)
        later = [path for path in self.checkpoints.glob("*.pt") if path not in known or known[path] > step]
        if not later:
            return None
        base = self.folder / "superseded" / time.strftime("%Y-%m-%d_%H-%M-%S")
        target, number = base, 2
        while target.exists():
            target, number = base.with_name(f"{base.name}_{number}"), number + 1
        aside = RunFiles(target)
        make_folder(aside.checkpoints)
        if self.metrics.exists():
            rows = [row for row in read_csv(self.metrics, ("step",)) if int(row["step"]) > step]
            # An earlier version measured less.
            write_csv(aside.metrics, METRICS, [[_number(row.get(name, "")) for name in METRICS] for row in rows])
        try:
            self.metrics.unlink(missing_ok=True)  # a checkpoint has the rows up to it
            for path in later:
                path.replace(aside.checkpoints / path.name)
            if self.encoder.exists():
                self.encoder.replace(aside.encoder)
        except OSError as error:
            raise PrismhError(f"Cannot move the later checkpoints to {target}: {error.strerror}.") from error
        return target

    def _encoder_epoch(self) -> int | None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.encoder, "pt") as file:
                return int((file.metadata() or {})["epoch"])
        except (OSError, SafetensorError, KeyError, ValueError):
            return None


def versions() -> dict[str, str]:
    import numpy as np
    import timm
    import torchvision

    return {
        "prism-h": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "timm": timm.__version__,
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _command(resolved: Resolved[TrainSettings]) -> str:
    """The command that starts this training with the same values."""
    words = ["python", "-m", "prismh_engine.models.simclr"]
    for name in resolved.origins:
        value = getattr(resolved.settings, name)
        if resolved.given(name) and value is not None and value is not False:
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return shlex.join(words)


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its header in order: the library writes metadata in another one each time."""
    start = 8
    end = start + int.from_bytes(content[:start], "little")
    header = json.loads(content[start:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return content[:start] + text.ljust(end - start) + content[end:]


def _nine_digits(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def _number(text: str) -> float | int | str:
    if not text:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)
