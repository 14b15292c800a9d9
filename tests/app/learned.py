"""Projects that have learned, made in a moment."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from prismh_engine import jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.map_embeddings import map_project
from prismh_engine.core.what_changed import what_changed
from prismh_engine.models.simclr.run import train
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.project import Project
from prismh_engine.project.feature_sets import Encoder
from prismh_engine.project.runs import FINISHED
from prismh_engine.settings import resolve

from .windows import find, run_with_settings, wait_until_read


def learn(folder, *, noise, preset=None):
    """Name all drums and all other photos, and have a run whose features tell these two apart but for noise."""
    with Project.open(folder) as project:
        photos = project.photos.used()
        drum = np.array([photo.path.name.startswith("drum") for photo in photos])
        project.labels.name_photos([photo.id for photo, is_drum in zip(photos, drum, strict=True) if is_drum], "drum")
        others = [photo.id for photo, is_drum in zip(photos, drum, strict=True) if not is_drum]
        project.labels.name_photos(others, "no drum")
        rng = np.random.default_rng(0)
        told = np.stack([drum, ~drum], axis=1) @ np.eye(2, 32)
        embeddings = (told + rng.normal(size=(len(photos), 32)) * noise).astype(np.float32)
        run = run_with_settings(project, epochs=10, preset=preset)
        project.runs.set_state(run, FINISHED)
        features = project.features.ensure(run.name, Encoder("resnet18", "0" * 64, 96, 32), run)
        features.append([photo.look.content_hash for photo in photos], embeddings)
        jobs.run(cluster_project(project, run.name))
        jobs.run(map_project(project, run.name))
        change = jobs.run(what_changed(project, run.name))
        project.runs.set_summary(run, str(change), change.shown_first)
    return change


def train_for_a_moment(folder):
    """Have a run that truly learned, a little, and whose map is not made."""
    flags = {"base_model": "resnet18", "image_size": 32, "batch_size": 8, "epochs": 1, "preset": "scratch"}
    jobs.run(train(resolve(TrainSettings, {"project": folder, **flags}, environment={})))


def told_at_export(qtbot, window):
    """What the Export page says of the table: "Map" -> "learned"."""
    window.show_page("export")
    wait_until_read(qtbot, window)
    told = [row.accessibleName() for row in find(window, "columns_card").findChildren(QWidget)]
    return dict(name.split(": ", 1) for name in told if ": " in name)
