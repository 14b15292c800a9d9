"""From one point of a map to the next by keyboard. Without Qt."""

from __future__ import annotations

import numpy as np

from .point_raster import PointRaster


def towards(raster: PointRaster, x: float, y: float, right: int, up: int) -> int:
    """The index of the point that is next from a place in one of the four directions; -1 where none lies there.

    x, y in map units; right, up: one of them 1 or -1, the other 0. Only what lies within 45 degrees of the direction
    counts; of that the nearest, where a step aside is as long as two ahead.
    """
    across, along = raster.x - np.float32(x), raster.y - np.float32(y)
    ahead = across * right + along * up
    aside = np.abs(across * up - along * right)
    cost = np.where((ahead > 0) & (aside <= ahead), ahead + 2 * aside, np.inf)
    best = int(cost.argmin()) if len(cost) else -1
    return int(raster.order[best]) if best >= 0 and np.isfinite(cost[best]) else -1


def nearest(raster: PointRaster, x: float, y: float) -> int:
    """The index of the point nearest to a place, -1 where there are no points."""
    if not len(raster):
        return -1
    return int(raster.order[int(((raster.x - np.float32(x)) ** 2 + (raster.y - np.float32(y)) ** 2).argmin())])
