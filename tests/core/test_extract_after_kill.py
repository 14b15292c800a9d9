"""A process that is killed while it computes starter features loses none that were kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from prismh_engine import jobs
from prismh_engine.core.extract_embeddings import extract_project
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.jobs import Progress
from prismh_engine.project import Project
from prismh_engine.project.feature_sets import STARTER

# Keeps after every batch, and waits for its end once 16 of the 24 photos are encoded.
UNTIL_KILLED = """
import sys
from pathlib import Path
from prismh_engine import jobs
from prismh_engine.core.extract_embeddings import extract_project
from prismh_engine.models import encode_photos
from prismh_engine.project import Project

encode_photos._SECONDS_BETWEEN_KEEPS = 0.0

def wait_for_the_end(progress):
    if progress.done == 16:
        print("sixteen", flush=True)
        sys.stdin.read()

with Project.open(Path(sys.argv[1])) as project:
    jobs.run(extract_project(project), wait_for_the_end)
"""


def test_starter_features_go_on_after_a_kill_without_a_photo_seen_twice(photo_folder: Path, tmp_path: Path) -> None:
    with Project.create(tmp_path / "project", "Killed") as project:
        project.add_folder(photo_folder)
        jobs.run(look_at_project(project))
    command = [sys.executable, "-c", UNTIL_KILLED, str(tmp_path / "project")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "sixteen\n"
        child.kill()

    seen: list[Progress] = []
    with Project.open(tmp_path / "project") as project:
        kept = project.features.find(STARTER)
        assert kept is not None
        before, rows_before = kept.read(project.photos.all())
        features = jobs.run(extract_project(project), seen.append)
        photos, rows = features.read(project.photos.all())

    assert len(before) == 16
    assert max(progress.done for progress in seen) == 24 - 16
    assert len(photos) == 24
    row_of = {photo.id: row for photo, row in zip(photos, rows, strict=True)}
    for photo, row in zip(before, rows_before, strict=True):
        assert np.array_equal(row_of[photo.id], row)
