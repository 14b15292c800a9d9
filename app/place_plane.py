"""From latitude and longitude to a flat map around the photos and back, its grid lines and its scale. Without Qt.

The projection is equirectangular around a middle: true to scale there and along the meridians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from prismh_engine.analysis.hot_spots import EARTH_RADIUS

from .explore_filters import PlaceBox

METRES_A_UNIT = 100_000.0
"""Of the flat map, so that a map of one single place still shows a hundred metres around it."""

_UNITS_A_DEGREE = math.radians(EARTH_RADIUS) / METRES_A_UNIT
_FLATTEST = 0.05
"""Of the cosine of the middle latitude: near the poles the map stays a map, though it is drawn out."""
_FINEST_STEP = 1e-5
_STEPS = (1, 2, 5)

_Floats = NDArray[np.float64]
_Number = TypeVar("_Number", float, _Floats)


@dataclass(frozen=True)
class PlacePlane:
    """The plane of a flat map. latitude, longitude: its middle, degrees. Longitudes are those nearest to
    it, so that photos on both sides of the meridian of 180 degrees lie beside each other.
    """

    latitude: float = 0.0
    longitude: float = 0.0

    @classmethod
    def around(cls, latitudes: _Floats, longitudes: _Floats) -> PlacePlane:
        """For photos at these places, float64 [N], all known: the widest gap between their meridians is at the edge."""
        if not len(latitudes):
            return cls()
        rising = np.sort(np.mod(longitudes, 360))
        gaps = np.diff(rising, append=rising[0] + 360)
        west = float(rising[(int(gaps.argmax()) + 1) % len(rising)])  # the first one after the widest gap
        return cls(float(np.median(latitudes)), wrapped(west + (360 - float(gaps.max())) / 2))

    @property
    def flattening(self) -> float:
        """How much shorter a degree of longitude is than one of latitude, 0 to 1."""
        return max(math.cos(math.radians(self.latitude)), _FLATTEST)

    def flat(self, latitudes: _Floats, longitudes: _Floats) -> NDArray[np.float32]:
        """Places on the flat map, x to the east and y to the north, float32 [N, 2]."""
        nearest = np.mod(longitudes - self.longitude + 180, 360) - 180 + self.longitude
        return np.stack([self.x_of(nearest), self.y_of(latitudes)], axis=1).astype(np.float32)

    def x_of(self, longitude: _Number) -> _Number:
        """Of a meridian on the flat map; one beyond 180 degrees lies beyond them."""
        return (longitude - self.longitude) * (self.flattening * _UNITS_A_DEGREE)

    def y_of(self, latitude: _Number) -> _Number:
        return (latitude - self.latitude) * _UNITS_A_DEGREE

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Latitude and longitude of a place on the flat map, beyond the poles and 180 degrees where it lies there."""
        return self.latitude + y / _UNITS_A_DEGREE, self.longitude + x / (_UNITS_A_DEGREE * self.flattening)

    def box(self, left: float, right: float, low: float, high: float) -> PlaceBox:
        """A rectangle of the flat map as a box of degrees."""
        south, west = self.degrees(left, low)
        north, east = self.degrees(right, high)
        if east - west >= 360:
            west, east = -180.0, 180.0
        else:
            west, east = wrapped(west), wrapped(east)
        return PlaceBox(max(south, -90.0), min(north, 90.0), west, east)

    def metres_along(self, y: float, width: float) -> float:
        """How long a stretch of the flat map is on the ground, from west to east at the height of y."""
        latitude = min(abs(self.degrees(0.0, y)[0]), 90.0)
        return width * METRES_A_UNIT * math.cos(math.radians(latitude)) / self.flattening


def wrapped(longitude: float) -> float:
    """The same meridian between -180 and 180 degrees."""
    return (longitude + 180) % 360 - 180


def grid_lines(low: float, high: float, most: int) -> tuple[list[float], float]:
    """Round degrees between two others, at most `most` or one more, and how far apart they are: 1, 2 or 5 times a power
    of ten, or 15, 30, 45, 90 or 180.
    """
    span = max(high - low, 0.0)
    step = _round_up(max(span / most, _FINEST_STEP))
    if step > 10:
        step = next((wide for wide in (15.0, 30.0, 45.0, 90.0) if span / wide <= most), 180.0)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 9) for number in range(first, last + 1)], step


def degree_text(value: float, step: float, positive: str, negative: str) -> str:
    """ "13.05° N": a degree with as many decimals as lines this far apart need, and the letter of its side."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    side = "" if value == 0 or abs(value) == 180 else f" {positive if value > 0 else negative}"
    return f"{abs(value):.{decimals}f}°{side}"


def scale_length(longest: float) -> float:
    """The longest round length, 1, 2 or 5 times a power of ten, that is not above a given one."""
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in _STEPS if step * power <= longest * (1 + 1e-9))


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 10) if step * power >= value * (1 - 1e-9))
