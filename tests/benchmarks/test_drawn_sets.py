"""The drawn sets on which learning is measured: the same photos on every machine, and colour that tells nothing."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from .drawn_sets import SETS, draw, write


def test_a_set_is_the_same_each_time_and_its_photos_differ(tmp_path):
    for name, kinds in SETS.items():
        write(name, tmp_path / name, 1)
        assert sorted(path.parent.name for path in (tmp_path / name).rglob("*.jpg")) == sorted(kinds)
        first = next(iter(kinds))
        assert np.array_equal(draw(name, first, 3), draw(name, first, 3))
        assert not np.array_equal(draw(name, first, 3), draw(name, first, 4))


def test_the_colour_of_a_surface_does_not_tell_its_class():
    kinds = list(SETS["surfaces"])
    colours = [np.asarray(draw("surfaces", kind, n)).reshape(-1, 3).mean(axis=0) for kind in kinds for n in range(12)]
    classes = np.repeat(np.arange(len(kinds)), 12)
    right = cross_val_score(LogisticRegression(max_iter=1000), np.array(colours) / 255, classes, cv=4).mean()
    assert right < 2.5 / len(kinds)
