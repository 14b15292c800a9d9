"""In which order an epoch takes its photos: all once, or with those that carry a label as half of each batch.

An order is a function of (seed, epoch) and the photos, whatever came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .augmentation import order_generator
from .supervised_loss import NO_LABEL


@dataclass(frozen=True)
class Drawn:
    """The photos of an epoch, batch after batch.

    places: int64 [M], where each lies in the list of photos. times: int64 [M], how often it came before in this epoch,
    so that its views are others each time.
    """

    places: NDArray[np.int64]
    times: NDArray[np.int64]


class Order(Protocol):
    """Draws the photos of an epoch."""

    def draw(self, seed: int, epoch: int, batch_size: int) -> Drawn:
        """As many as there are photos, in batches of batch_size, the last one short; no photo twice in a batch."""


@dataclass(frozen=True)
class InTurn:
    """Every photo once, in the order they have."""

    count: int

    def draw(self, seed: int, epoch: int, batch_size: int) -> Drawn:
        """As of `Order`."""
        return Drawn(np.arange(self.count), np.zeros(self.count, dtype=np.int64))


@dataclass(frozen=True)
class Shuffled:
    """Every photo once, in an order by lot."""

    count: int

    def draw(self, seed: int, epoch: int, batch_size: int) -> Drawn:
        """As of `Order`."""
        return Drawn(order_generator(seed, epoch).permutation(self.count), np.zeros(self.count, dtype=np.int64))


class HalfLabelled:
    """Half of each batch are photos with a label, as many of each label as can be; the rest are photos without one.

    Few photos carry a label, and in batches by lot they would seldom meet. Within its kind every photo comes equally
    often. labels: int64 [N], of each photo in their order, 0 to C - 1, or -1 where it has none.
    """

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self._count = len(labels)
        self._without = np.flatnonzero(labels == NO_LABEL)
        self._of_label = [np.flatnonzero(labels == label) for label in np.unique(labels[labels != NO_LABEL])]

    def draw(self, seed: int, epoch: int, batch_size: int) -> Drawn:
        """As of `Order`."""
        lot = order_generator(seed, epoch)
        others, decks = _Deck(self._without, lot), [_Deck(places, lot) for places in self._of_label]
        labelled = self._count - len(self._without)
        places: list[NDArray[np.int64]] = []
        for start in range(0, self._count, batch_size):
            size = min(batch_size, self._count - start)
            # More than half where too few are without a label, fewer where too few have one.
            taught = min(labelled, max(size // 2, size - len(self._without)))
            hands = [deck.deal(n) for deck, n in zip(decks, self._shares(taught, lot), strict=True)]
            places.append(lot.permutation(np.concatenate([others.deal(size - taught), *hands])))
        together = np.concatenate(places)
        return Drawn(together, _times(together))

    def _shares(self, wanted: int, lot: np.random.Generator) -> Sequence[int]:
        """How many photos of each label, together `wanted`: equally many, but for labels on too few photos."""
        sizes = np.array([len(places) for places in self._of_label])
        shares = np.zeros(len(sizes), dtype=np.int64)
        while wanted:
            open_ = np.flatnonzero(shares < sizes)
            chosen = open_ if wanted >= len(open_) else lot.permutation(open_)[:wanted]
            shares[chosen] += 1
            wanted -= len(chosen)
        return [int(share) for share in shares]


class _Deck:
    """Cards that are dealt from the top, and shuffled again when all were dealt."""

    def __init__(self, cards: NDArray[np.int64], lot: np.random.Generator) -> None:
        self._cards = cards
        self._lot = lot
        self._left = lot.permutation(cards)

    def deal(self, count: int) -> NDArray[np.int64]:
        """So many different cards; there must be as many."""
        hand, self._left = self._left[:count], self._left[count:]
        if len(hand) < count:
            fresh = self._lot.permutation(self._cards)
            more = fresh[~np.isin(fresh, hand)][: count - len(hand)]
            self._left = fresh[~np.isin(fresh, more)]
            hand = np.concatenate([hand, more])
        return hand


def _times(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each entry came before."""
    by_place = np.argsort(places, kind="stable")
    _, first, sizes = np.unique(places[by_place], return_index=True, return_counts=True)
    times = np.empty(len(places), dtype=np.int64)
    times[by_place] = np.arange(len(places)) - np.repeat(first, sizes)
    return times
