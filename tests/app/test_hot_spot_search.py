"""Hot spots of the photos that pass the filters."""

from __future__ import annotations

import numpy as np
import pytest

from app.pages.hot_spot_search import HotSpotSearch
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Project


@pytest.fixture
def places(session, tmp_path):
    """A project of 300 scattered photos and 15 near each other; their ids."""
    rng = np.random.default_rng(0)
    where = np.concatenate([[13.0, 80.0] + rng.random((300, 2)) * 0.2, [13.1, 80.1] + rng.normal(size=(15, 2)) * 4e-4])
    photos = tmp_path / "photos"
    photos.mkdir()
    session.project = Project.create(tmp_path / "project")
    looks = [Look(f"{row:03}", latitude=float(a), longitude=float(b)) for row, (a, b) in enumerate(where)]
    found = [(FoundPhoto(photos / f"{row}.jpg", f"{row}.jpg", 1, 2, 3), look) for row, look in enumerate(looks)]
    return np.array(session.project.photos.record(session.project.add_folder(photos).id, found))


@pytest.fixture
def answers(session):
    search = HotSpotSearch(session)
    told = []
    search.found.connect(told.append)
    return search, told


def test_of_several_questions_only_the_last_is_answered(places, answers, qtbot):
    search, told = answers
    everyone = np.ones(len(places), bool)
    search.look(places, ~everyone)
    search.look(places, everyone)
    qtbot.waitUntil(lambda: not search.busy)
    assert len(told) == 1
    (spot,) = told[0]
    assert (spot.rows >= 300).mean() >= 0.8


def test_the_same_question_is_answered_once(places, answers, qtbot):
    search, told = answers
    everyone = np.ones(len(places), bool)
    search.look(places, everyone)
    qtbot.waitUntil(lambda: not search.busy)
    search.look(places.copy(), everyone.copy())
    assert not search.busy
    assert len(told) == 1


def test_a_question_taken_back_is_not_answered(places, answers, qtbot):
    search, told = answers
    search.look(places, np.ones(len(places), bool))
    search._start()  # as when the person has been calm for a while
    search.forget()
    qtbot.waitUntil(lambda: not any(job.running for job in search._session._beside))
    assert told == []
    assert not search.busy
