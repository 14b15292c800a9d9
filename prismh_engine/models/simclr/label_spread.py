"""Labels that reach further than the photos they were given to: to those most alike each of them.

From a few labelled photos alone an encoder learns these photos by heart. Labels that spread to neighbours are known
from Zhu and Ghahramani 2002 (CMU-CALD-02-107); here they take one step, so that what looks like nothing labelled stays
free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray


def spread(
    labels: Mapping[int, str],
    numbers: NDArray[np.int64],
    look_alikes: NDArray[np.int64],
    spared: Collection[int] = (),
) -> dict[int, str]:
    """Number of a photo -> its label, those added that have none and are among the most alike of one that has.

    numbers: int64 [N], of photos, rising. look_alikes: int64 [N, K], numbers of the photos most alike each, the most
    alike first. A photo that two labels reach takes the one it is nearer to in rank, among equals that of the photo
    with the lowest number. spared: numbers of photos that none reaches.
    """
    reached = dict(labels)
    labelled = [(place, labels[number]) for place, number in enumerate(numbers.tolist()) if number in labels]
    for rank in range(look_alikes.shape[1]):
        for place, label in labelled:
            number = int(look_alikes[place, rank])
            if number not in spared:
                reached.setdefault(number, label)
    return reached
