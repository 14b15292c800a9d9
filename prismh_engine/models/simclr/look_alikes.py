"""Look-alikes as positives: some second views show a photo that the starter finds most alike, not the photo itself.

What views of one photo share is what augmentation leaves of it; what it shares with its neighbours says more of the
kind of thing it shows (Dwibedi et al. 2021, arXiv 2104.14548, section 3, where they are of the network that learns; the
starter's do not drift with what is learned, and a run can be taken up with the same ones).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .augmentation import View, look_alike_generator

LOOK_ALIKES = 5
"""How many there are to draw from."""


@dataclasses.dataclass(frozen=True)
class LookAlikes:
    """Which photo a second view shows. places: int64 [N, K], of each photo's look-alikes in the list of photos, its own
    where it has none. share: of the second views, 0 to 1, that show one of them."""

    places: NDArray[np.int64]
    share: float

    def draw(self, seed: int, epoch: int, number: int, place: int, time: int) -> int:
        """The place of the photo that the second view of the photo at `place` shows.

        number: of that photo, which decides the lot; time: how often it came before in the epoch.
        """
        chance, which = look_alike_generator(seed, epoch, number, time).random(2)
        return int(self.places[place, int(which * self.places.shape[1])]) if chance < self.share else place


def side_by_side(
    left: NDArray[np.uint8], of_left: View, right: NDArray[np.uint8], of_right: View
) -> tuple[NDArray[np.uint8], tuple[View, View]]:
    """Two photos [H, W, 3] as one picture, and the view of each as one of that picture."""
    height = max(left.shape[0], right.shape[0])
    both = np.zeros((height, left.shape[1] + right.shape[1], 3), dtype=np.uint8)
    both[: left.shape[0], : left.shape[1]] = left
    both[: right.shape[0], left.shape[1] :] = right
    x, *rest = of_right.box
    return both, (of_left, dataclasses.replace(of_right, box=(x + left.shape[1], *rest)))
