"""Where photos lie denser than in the other places where photos were taken.

The method is the local statistic Gi* of Getis and Ord in its standardized form (Ord and Getis 1995, "Local Spatial
Autocorrelation Statistics: Distributional Issues and an Application") over weighted points: photos near each other are
collected in the squares of a grid, each square counts its photos, and squares within 1.5 sides of each other are
neighbours. Counts are small, for which the normal distribution of Gi* calls too much remarkable; so a place must also
hold more than a binomial distribution over all squares would put there. Both are asked over all squares at once, at a
false discovery rate of 5 % (Benjamini and Hochberg 1995). Squares that are neighbours make one hot spot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS = 6_371_008.8
"""Metres; the mean one of WGS 84, good to half a percent everywhere."""
SIDE = 100.0
"""Metres: several times what the position of a phone errs by, and what one person can search on foot."""
FEWEST_PHOTOS = 5
"""Fewer make no hot spot, whatever the statistic says: among squares of one photo each, two are soon remarkable."""

_FALSE_DISCOVERIES = 0.05
_FEWEST_SQUARES = 10
_NEIGHBOURS_WITHIN = 1.5

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HotSpot:
    """rows int64 [M]: the photos in it, rising. latitude, longitude: its middle, degrees. radius: within how many
    metres of the middle they all lie. score: the highest Gi* in it, in standard deviations.
    """

    rows: NDArray[np.int64]
    latitude: float
    longitude: float
    radius: float
    score: float


def hot_spots(
    latitudes: _Floats, longitudes: _Floats, chosen: NDArray[np.bool_] | None = None, *, side: float = SIDE
) -> list[HotSpot]:
    """The places with more photos than others have, those with most photos first.

    latitudes, longitudes float64 [N]: WGS 84 degrees, nan unknown. chosen bool [N]: the photos that count; the others
    only tell where photos were taken at all. None: all count. side: of a square, in metres, > 0. There are none where
    all photos lie in fewer than ten squares, or all squares hold equally many.
    """
    known = np.flatnonzero(np.isfinite(latitudes) & np.isfinite(longitudes))
    if not len(known):
        return []
    points = unit_vectors(latitudes[known], longitudes[known])
    counting = np.ones(len(known), bool) if chosen is None else chosen[known]
    squares = _squares(latitudes[known], longitudes[known], side)
    counts = np.bincount(squares[counting], minlength=int(squares.max()) + 1)
    pairs = _pairs_within(_middles(points, squares), _NEIGHBOURS_WITHIN * side)
    scores = local_scores(counts, pairs)
    # Where all photos count, the first one in a square is what makes it a square: no chance is in it.
    chances = np.maximum(_normal_tail(scores), _binomial_tail(counts - (counts.sum() == len(known)), pairs))
    hot = _significant(chances) & (counts > 0)
    spots = _touching(hot, pairs)
    of_photo = np.where(counting, spots[squares], -1)
    by_spot = np.argsort(of_photo, kind="stable")
    parts = np.split(by_spot, np.flatnonzero(np.diff(of_photo[by_spot])) + 1)
    found = [
        _hot_spot(points, rows, known, float(scores[squares[rows]].max()))
        for rows in parts
        if of_photo[rows[0]] >= 0 and len(rows) >= FEWEST_PHOTOS
    ]
    return sorted(found, key=lambda spot: (-len(spot.rows), -spot.score))


def local_scores(counts: NDArray[np.int64], pairs: NDArray[np.intp]) -> _Floats:
    """Gi* of each of n places, float64 [n], with weight 1 for itself and its neighbours, else 0.

    counts [n]: how much is there; pairs int [P, 2]: which are neighbours, each pair once. 0 where nothing can be said:
    below ten places, where all count the same, or where all others are neighbours.
    """
    n, values = len(counts), counts.astype(np.float64)
    deviation = values.std()
    if n < _FEWEST_SQUARES or deviation == 0:
        return np.zeros(n)
    weight = _with_neighbours(np.ones(n), pairs)
    spread = deviation * np.sqrt((n * weight - weight**2) / (n - 1))
    excess = _with_neighbours(values, pairs) - values.mean() * weight
    return np.divide(excess, spread, out=np.zeros(n), where=spread > 0)


def unit_vectors(latitudes: _Floats, longitudes: _Floats) -> _Floats:
    """Degrees [N] as points on a sphere of radius 1, float64 [N, 3]: there neither poles nor meridians are special."""
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    flat = np.cos(latitude)
    return np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)


def _squares(latitudes: _Floats, longitudes: _Floats, side: float) -> NDArray[np.intp]:
    """The number of the square each photo lies in, 0, 1, ... [N]. Squares lie in rows along the parallels."""
    step = side / EARTH_RADIUS
    rows = np.floor(np.radians(latitudes) / step).astype(np.int64)
    parallel = np.maximum(np.cos((rows + 0.5) * step), 0.0)
    columns = np.floor(np.radians(longitudes) * parallel / step).astype(np.int64)
    return np.unique(rows * (1 << 32) + columns, return_inverse=True)[1].reshape(-1)


def _middles(points: _Floats, squares: NDArray[np.intp]) -> _Floats:
    """The middle of the photos in each square, as unit vectors."""
    sums = np.stack([np.bincount(squares, weights=points[:, axis]) for axis in range(3)], axis=1)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def _pairs_within(points: _Floats, metres: float) -> NDArray[np.intp]:
    from scipy.spatial import cKDTree

    chord = 2 * np.sin(min(metres / EARTH_RADIUS, np.pi) / 2)
    return np.asarray(cKDTree(points).query_pairs(chord, output_type="ndarray"), np.intp)


def _with_neighbours(values: NDArray[np.generic], pairs: NDArray[np.intp]) -> _Floats:
    """The sum over each place and its neighbours."""
    one, other = pairs.T
    n = len(values)
    return (
        values.astype(np.float64)
        + np.bincount(one, weights=values[other], minlength=n)
        + np.bincount(other, weights=values[one], minlength=n)
    )


def _normal_tail(scores: _Floats) -> _Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(-scores))


def _binomial_tail(counts: NDArray[np.int64], pairs: NDArray[np.intp]) -> _Floats:
    """How likely each place and its neighbours hold so many if each thing lay in any of the places alike, [n]."""
    from scipy.special import bdtrc

    share = _with_neighbours(np.ones(len(counts)), pairs) / len(counts)
    return np.asarray(bdtrc(_with_neighbours(counts, pairs) - 1, int(counts.sum()), share))


def _significant(chances: _Floats) -> NDArray[np.bool_]:
    """Which chances are too small to be chance, at a false discovery rate over all of them."""
    order = np.argsort(chances)
    within = chances[order] <= _FALSE_DISCOVERIES * np.arange(1, len(chances) + 1) / len(chances)
    last = np.flatnonzero(within)
    found = np.zeros(len(chances), bool)
    found[order[: last[-1] + 1 if len(last) else 0]] = True
    return found


def _touching(hot: NDArray[np.bool_], pairs: NDArray[np.intp]) -> NDArray[np.int32]:
    """The number of the hot spot that each place belongs to, [n], -1 for none; hot neighbours belong to the same."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = pairs[hot[pairs].all(axis=1)].T
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(hot), len(hot)))
    return np.where(hot, connected_components(graph, directed=False)[1], -1)


def _hot_spot(points: _Floats, rows: NDArray[np.intp], known: NDArray[np.intp], score: float) -> HotSpot:
    middle = points[rows].mean(axis=0)
    middle /= np.linalg.norm(middle)
    radius = float(_on_the_ground(np.linalg.norm(points[rows] - middle, axis=1)).max())
    latitude = float(np.degrees(np.arcsin(np.clip(middle[2], -1, 1))))
    longitude = float(np.degrees(np.arctan2(middle[1], middle[0])))
    return HotSpot(known[rows].astype(np.int64), latitude, longitude, radius, score)


def _on_the_ground(chords: _Floats) -> _Floats:
    """Metres along the ground from distances through a sphere of radius 1."""
    return 2 * EARTH_RADIUS * np.arcsin(np.clip(chords / 2, 0, 1))
