"""Hot spots of a project's photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prismh_engine import jobs
from prismh_engine.core.hot_spots import find_hot_spots
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Project


def test_hot_spots_of_a_project_are_rows_of_the_photos_asked_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([[13.0, 80.0] + rng.random((300, 2)) * 0.2, [13.1, 80.1] + rng.normal(size=(15, 2)) * 4e-4])
    looks = [Look(f"{row:03}", latitude=float(a), longitude=float(b)) for row, (a, b) in enumerate(places)]
    looks += [Look("no place")]
    photos = tmp_path / "photos"
    photos.mkdir()
    with Project.create(tmp_path / "project") as project:
        found = [(FoundPhoto(photos / f"{row}.jpg", f"{row}.jpg", 1, 2, 3), look) for row, look in enumerate(looks)]
        ids = np.array(project.photos.record(project.add_folder(photos).id, found))
        asked = np.append(ids[::-1], 99_999)
        (spot,) = jobs.run(find_hot_spots(project, asked))
        assert np.isin(asked[spot.rows], ids[300:315]).mean() >= 0.8
        assert len(spot.rows) >= 10
        assert jobs.run(find_hot_spots(project, asked, np.isin(asked, ids[:300:7]))) == []
        assert jobs.run(find_hot_spots(project, np.empty(0, np.int64))) == []
