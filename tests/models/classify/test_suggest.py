"""Names suggested from a few: kept in the project, accepted and taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.models.classify import suggest_labels
from prismh_engine.project import Project

from ...invented import add_features, fill_with_embeddings, heaps

CHECKOUT = Path(__file__).parents[3]
NAMES = ("Drums", "Tyres", "Pots")


def _three_kinds(project: Project, folder: Path) -> tuple[list[int], list[str]]:
    """Ids of 90 photos of three kinds, and the kind of each."""
    embeddings, heap = heaps((30, 30, 30), spread=0.8)
    photos = fill_with_embeddings(project, folder, embeddings)
    return [photo.id for photo in photos], [NAMES[h] for h in heap]


def _name_some(project: Project, ids: list[int], kinds: list[str], each: int = 5) -> list[int]:
    named: list[int] = []
    for name in dict.fromkeys(kinds):
        own = [i for i, kind in zip(ids, kinds, strict=True) if kind == name][:each]
        project.labels.name_photos(own, name)
        named += own
    return named


def test_five_names_of_a_kind_tell_the_rest(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    named = _name_some(project, ids, kinds)
    count = jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert set(suggested) == set(ids) - set(named)
    given = {photo_id: one for photo_id, one in suggested.items() if one.name}
    assert count == len(given) > 50
    right = sum(one.name == kinds[ids.index(photo_id)] for photo_id, one in given.items())
    assert right > 0.95 * count
    assert all(0.6 <= one.confidence <= 1 for one in given.values())


def test_accepted_names_are_names_of_photos_and_undo_takes_them_back(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    named = _name_some(project, ids, kinds)
    features = project.features.get("starter")
    count = jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(features)
    with project.history.step("Accept names"):
        assert project.suggestions.accept(suggested, features) == count
    names = project.labels.of_photos()
    assert {i: names[i] for i in suggested if i in names} == {i: [s.name] for i, s in suggested.items() if s.name}
    assert all(not one.name for one in project.suggestions.all(features).values())
    assert project.suggestions.accept(suggested, features) == 0
    project.history.undo()
    assert set(project.labels.of_photos()) == set(named)
    assert project.suggestions.all(features) == suggested


def test_names_of_groups_teach_too_but_a_photos_own_name_goes_first(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    # All drums and, by mistake, five tyres form a group; the tyres have names of their own.
    drums = [i for i, kind in zip(ids, kinds, strict=True) if kind == "Drums"]
    tyres = [i for i, kind in zip(ids, kinds, strict=True) if kind == "Tyres"]
    project.labels.name_group(drums + tyres[:5], "Drums")
    project.labels.name_photos(tyres[:5], "Tyres")
    jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert not set(drums).intersection(suggested)
    assert {suggested[i].name for i in tyres[5:]} <= {"Tyres", ""}
    assert sum(suggested[i].name == "Tyres" for i in tyres[5:]) > 10


def test_a_photo_of_something_else_gets_no_name(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    others = [i for i, kind in zip(ids, kinds, strict=True) if kind == "Pots"]
    known = [(i, kind) for i, kind in zip(ids, kinds, strict=True) if kind != "Pots"]
    _name_some(project, [i for i, _ in known], [kind for _, kind in known], each=10)
    jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert sum(bool(suggested[i].name) for i in others) <= 1
    assert sum(bool(one.name) for i, one in suggested.items() if i not in others) > 20


def test_photos_set_aside_neither_teach_nor_are_named(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    named = _name_some(project, ids, kinds)
    project.photos.overrule([*named[:5], ids[29]], "set aside")
    jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert {one.name for one in suggested.values()} == {"Tyres", "Pots", ""}
    assert ids[29] not in suggested


def test_photos_with_several_names_teach_each_of_them(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    named = _name_some(project, ids, kinds)
    project.labels.name_photos(named[:1], "Tyres")
    assert jobs.run(suggest_labels(project, "starter")) > 40


def test_with_one_name_there_is_nothing_to_tell_and_no_old_suggestion_stays(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    named = _name_some(project, ids, kinds)
    jobs.run(suggest_labels(project, "starter"))
    for name in NAMES[1:]:
        project.labels.remove(named, name)
    with pytest.raises(PrismhError, match="two different ones"):
        jobs.run(suggest_labels(project, "starter"))
    assert project.suggestions.all(project.features.get("starter")) == {}


def test_one_photo_of_each_name_is_a_start_that_stays_unsure(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    _name_some(project, ids, kinds, each=1)
    jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert len(suggested) == 87
    assert all(0 <= one.confidence <= 1 for one in suggested.values())


def test_a_kind_that_nobody_named_gets_no_names(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    _name_some(project, ids[:60], kinds[:60])
    jobs.run(suggest_labels(project, "starter"))
    suggested = project.suggestions.all(project.features.get("starter"))
    assert sum(bool(suggested[i].name) for i in ids[60:]) < 4
    assert sum(bool(one.name) for one in suggested.values()) > 30


def test_a_stop_leaves_the_suggestions_that_were_there(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    _name_some(project, ids, kinds)
    jobs.run(suggest_labels(project, "starter"))
    before = project.suggestions.all(project.features.get("starter"))
    project.labels.name_photos(ids[40:60], "Buckets")
    stop = StopToken()
    stop.stop()
    with pytest.raises(Stopped):
        jobs.run(suggest_labels(project, "starter", stop))
    after = project.suggestions.all(project.features.get("starter"))
    assert after == {photo_id: one for photo_id, one in before.items() if photo_id not in ids[40:60]}


def test_each_feature_set_has_its_own_suggestions(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    _name_some(project, ids, kinds)
    add_features(project, np.random.default_rng(0).normal(size=(90, 8)).astype(np.float32), "learned")
    starter, learned = (project.features.get(name) for name in ("starter", "learned"))
    jobs.run(suggest_labels(project, "starter"))
    assert project.suggestions.all(learned) == {}
    jobs.run(suggest_labels(project, "learned"))
    project.suggestions.clear(learned)
    assert project.suggestions.all(learned) == {}
    assert len(project.suggestions.all(starter)) == 75


_WITHOUT_TORCH = """
import sys
from pathlib import Path
from prismh_engine import jobs
from prismh_engine.core.look_alikes import near_duplicate_groups, similar, unusual
from prismh_engine.core.name_next import name_next
from prismh_engine.models.classify import suggest_labels
from prismh_engine.project import Project
from tests.invented import fill_with_embeddings, heaps

with Project.create(Path(sys.argv[1], "project")) as project:
    photos = fill_with_embeddings(project, Path(sys.argv[1], "photos"), heaps((25, 25), spread=0.8)[0])
    for job in (similar(project, "starter", [photos[0].id]), unusual(project, "starter")):
        assert jobs.run(job)
    jobs.run(near_duplicate_groups(project, "starter"))
    for photo in jobs.run(name_next(project, "starter")):
        project.labels.name_photos([photo], "Drums" if photo < photos[25].id else "Tyres")
    assert jobs.run(suggest_labels(project, "starter"))
    assert jobs.run(name_next(project, "starter"))
print({"torch", "torchvision", "timm"}.intersection(sys.modules))
"""


def test_what_the_window_asks_of_names_and_look_alikes_imports_no_torch(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr


def test_suggestions_go_with_the_features_they_came_from(project: Project, tmp_path: Path) -> None:
    ids, kinds = _three_kinds(project, tmp_path / "photos")
    _name_some(project, ids, kinds)
    jobs.run(suggest_labels(project, "starter"))
    add_features(project, np.eye(90, dtype=np.float32), "starter")  # by an encoder of another dimension
    assert project.suggestions.all(project.features.get("starter")) == {}
