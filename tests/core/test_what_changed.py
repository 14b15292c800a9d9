from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.core.what_changed import Change, what_changed
from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.project import Photo, Project
from prismh_engine.settings import resolve, write_settings
from prismh_engine.tables import write_csv

from ..invented import add_features, fill_with_embeddings, heaps

NAMES = ("drum", "tyre", "pot")


def learned(
    project: Project, folder: Path, before: NDArray[np.float32], after: NDArray[np.float32], taught: Sequence[str] = ()
) -> list[Photo]:
    """Photos with the starter's features and those of a run, which the names of the first photos taught."""
    photos = fill_with_embeddings(project, folder, before)
    run = project.runs.new()
    add_features(project, after, run.name)
    if taught:
        rows = zip([photo.file_path for photo in photos], taught, strict=False)
        write_csv(run.folder / "labels.csv", ("file_path", "label"), rows)
    return photos


def name(project: Project, photos: Sequence[Photo], heap: Sequence[int]) -> None:
    for photo, h in zip(photos, heap, strict=True):
        project.labels.name_photos([photo.id], NAMES[h])


def told(project: Project) -> Change:
    return jobs.run(what_changed(project, "run-1"))


def test_names_say_that_the_map_is_better(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((30, 30), spread=6.0)
    name(project, learned(project, tmp_path / "photos", before, heaps((30, 30), seed=1)[0]), heap)
    change = told(project)
    assert change.sentence.startswith(
        "Learning made the map better for the names you gave: 100 of 100 named photos lie"
    )
    assert "the groups agree with the names more than before." in change.sentence
    assert "chance" not in change.sentence
    assert change.shown_first == "learned"
    assert change.why == "Look at the learned map first. The instant map stays as it is."


def test_names_say_that_the_map_is_worse_and_what_to_do_about_it(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((30, 30))
    name(project, learned(project, tmp_path / "photos", before, heaps((30, 30), spread=6.0, seed=1)[0]), heap)
    change = told(project)
    assert change.sentence.startswith("Learning made the map worse for the names you gave:")
    assert ", before 100, and the groups agree with the names less than before." in change.sentence
    assert change.shown_first == "starter"
    assert change.why.startswith("Keep the instant map. Learn again with your names")


def test_a_difference_that_chance_makes_is_called_none(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((30, 30), spread=2.5)
    name(project, learned(project, tmp_path / "photos", before, heaps((30, 30), spread=2.5, seed=3)[0]), heap)
    change = told(project)
    assert change.sentence.startswith("Learning made no clear difference for the names you gave:")
    assert "(that may be chance)" in change.sentence
    assert change.shown_first == "starter"


def test_groups_that_lost_what_neighbours_gained_are_told_as_both(project: Project, tmp_path: Path) -> None:
    # Before: three clear heaps, a fifth of each name in the other heap. After: neighbours of one name in pairs of lumps
    # that lie nearer to lumps of other names.
    rng = np.random.default_rng(0)
    names = np.repeat([0, 1], 40)
    mixed = np.where(rng.random(80) < 0.3, 1 - names, names)
    before = 4 * np.eye(2)[mixed] @ np.eye(2, 16) + rng.normal(size=(80, 16)) * 0.3
    lump = np.concatenate([np.arange(40) % 2, 2 + np.arange(40) % 2])
    centres = np.zeros((4, 16))
    centres[[0, 2], 0], centres[[1, 3], 0] = 5, -5
    centres[[0, 1], 1], centres[[2, 3], 1] = 2, -2
    after = centres[lump] + rng.normal(size=(80, 16)) * 0.3
    photos = learned(project, tmp_path / "photos", before.astype(np.float32), after.astype(np.float32))
    name(project, photos, names)
    change = told(project)
    assert change.sentence.startswith("Learning made the map better in one way and worse in another")
    assert "100 of 100" in change.sentence
    assert "less than before" in change.sentence
    assert change.shown_first == "starter"


def test_names_that_did_not_teach_a_run_tell_whether_it_helped(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((60, 60), spread=6.0)
    order = np.random.default_rng(0).permutation(120)
    heap = heap[order]
    taught = [NAMES[h] for h in heap[:20]]
    photos = learned(project, tmp_path / "photos", before[order], heaps((60, 60), seed=1)[0][order], taught)
    name(project, photos, heap)
    change = told(project)
    opening = (
        "Learning with the names of 20 photos made the map better for the 100 photos with names that did not teach it"
    )
    assert change.sentence.startswith(opening)
    assert change.shown_first == "learned"


def test_names_that_taught_a_run_do_not_say_that_it_helped(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((30, 30), spread=6.0)
    taught = [NAMES[h] for h in heap]
    name(project, learned(project, tmp_path / "photos", before, heaps((30, 30), seed=1)[0], taught), heap)
    change = told(project)
    assert change.sentence.startswith("Learning with the names of 60 photos changed the map:")
    assert "named photos lie" not in change.sentence
    assert change.shown_first == "learned"
    assert "the names that taught it cannot tell whether they helped" in change.why


def test_learning_with_names_that_blurred_the_groups_is_not_shown_first(project: Project, tmp_path: Path) -> None:
    before, heap = heaps((30, 30))
    taught = [NAMES[h] for h in heap]
    name(project, learned(project, tmp_path / "photos", before, heaps((30, 30), spread=6.0)[0], taught), heap)
    change = told(project)
    assert change.shown_first == "starter"
    assert change.why.startswith("Keep the instant map.")


def test_without_names_next_to_no_change_is_said_plainly(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((20, 20), spread=2.0)
    learned(project, tmp_path / "photos", embeddings, embeddings * 3)
    change = told(project)
    opening = (
        "Learning changed next to nothing: 0 of a photo's 15 most alike photos are others than before, and the groups"
    )
    assert change.sentence.startswith(opening)
    assert "as well separated as before" in change.sentence
    assert change.shown_first == "starter"
    assert "Name a few photos, two names on five photos each, and learn again with your names." in change.why


def test_without_names_clearer_groups_are_shown_first(project: Project, tmp_path: Path) -> None:
    learned(project, tmp_path / "photos", heaps((30, 30), spread=6.0)[0], heaps((30, 30), seed=1)[0])
    change = told(project)
    assert change.sentence.startswith("Learning changed the map:")
    assert "the groups are better separated than before (60 of 100 neighbours lie" in change.sentence
    assert change.shown_first == "learned"
    assert "as far as photos without names can tell, it is the better one" in change.why


@pytest.mark.parametrize(("weights", "first"), [("none", "starter"), ("imagenet", "learned")])
def test_clearer_groups_of_a_run_from_nothing_are_not_shown_first(
    project: Project, tmp_path: Path, weights: str, first: str
) -> None:
    learned(project, tmp_path / "photos", heaps((30, 30), spread=6.0)[0], heaps((30, 30), seed=1)[0])
    run = project.runs.get("run-1").folder
    run.mkdir(parents=True)
    write_settings(run / "settings.json", resolve(TrainSettings, {"weights": weights}, environment={}))
    change = told(project)
    assert change.sentence.startswith("Learning changed the map:")
    assert change.shown_first == first
    assert ("began from nothing" in change.why) == (first == "starter")


def test_without_names_blurred_groups_are_not_shown_first(project: Project, tmp_path: Path) -> None:
    learned(project, tmp_path / "photos", heaps((30, 30))[0], heaps((30, 30), spread=6.0, seed=1)[0])
    change = told(project)
    assert "less well separated than before" in change.sentence
    assert change.shown_first == "starter"


def test_names_on_few_photos_say_nothing(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((10, 10))
    photos = learned(project, tmp_path / "photos", embeddings, embeddings)
    name(project, photos[:9] + photos[16:], [0] * 9 + [1] * 4)
    assert "named" not in told(project).sentence


def test_a_handful_of_photos_is_too_few_to_tell(project: Project, tmp_path: Path) -> None:
    learned(project, tmp_path / "photos", np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
    change = told(project)
    assert change.sentence == "There are too few photos to say what learning changed: 4."
    assert change.shown_first == "starter"


def test_a_run_without_features_is_named(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.eye(20, dtype=np.float32))
    with pytest.raises(PrismhError, match="no features 'run-1'"):
        told(project)
