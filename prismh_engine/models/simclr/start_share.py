"""What a run gives keeps a share of the weights it started from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .settings import TrainSettings

_WORTH_OF_START, _LEAST = 10, 0.3
"""The start counts as much as so many labelled photos of each label, and so much at least."""


def share_for(settings: TrainSettings, teaching: Mapping[str, str]) -> float:
    """The share of the start, 0 to 1, in what a run gives. teaching: file_path -> label, of the photos that teach.

    Where it is left to the program: what few labels teach is of less worth than what the start knew. Nothing is kept of
    a start that knows nothing, or where batch norm learns, whose statistics cannot be mixed.
    """
    if not isinstance(settings.start_share, str):
        return settings.start_share
    if settings.start_weights == "none" or not settings.freeze_bn:
        return 0.0
    each = len(teaching) / len(set(teaching.values())) if teaching else float("inf")
    return max(_LEAST, _WORTH_OF_START / (_WORTH_OF_START + each))


class StartShare:
    """The start's weights beside those that learn, and what lies between them.

    Every weight that is given is `share` of the start's and the rest of the learned one, which keeps most of what was
    gained and gives back most of what was lost (Wortsman et al. 2021, arXiv 2109.01903, section 3). Learning itself
    goes on from the learned weights.
    encoder: as it starts, with what is frozen in it set so. share: 0 to 1; with 0 nothing is kept and nothing changed.
    """

    def __init__(self, encoder: nn.Module, share: float) -> None:
        self._share = share
        learning = {name: weight for name, weight in encoder.named_parameters() if weight.requires_grad}
        self._learning = learning if share else {}
        self._start = {name: weight.detach().clone() for name, weight in self._learning.items()}

    def between(self) -> dict[str, Tensor]:
        """The weights that are given, by their names in a model with this encoder; what does not learn is left out."""
        return {f"encoder.{name}": weight for name, weight in self._between().items()}

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Let the encoder have the weights that are given for a while."""
        learned = {name: weight.detach().clone() for name, weight in self._learning.items()}
        self._put(self._between())
        try:
            yield
        finally:
            self._put(learned)

    def state(self) -> dict[str, dict[str, Tensor]]:
        """Both ends, for a checkpoint whose model has what lies between."""
        return {"start": self._start, "learned": {name: weight.detach() for name, weight in self._learning.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up both ends. Raises `KeyError` or `RuntimeError` where they belong to another encoder."""
        for name, weight in self._start.items():
            weight.copy_(state["start"][name])
        self._put({name: state["learned"][name] for name in self._learning})

    @torch.no_grad()
    def _between(self) -> dict[str, Tensor]:
        return {name: weight.lerp(self._start[name], self._share) for name, weight in self._learning.items()}

    @torch.no_grad()
    def _put(self, weights: Mapping[str, Tensor]) -> None:
        for name, weight in weights.items():
            self._learning[name].copy_(weight)
