"""The card at the foot of the rail: what is running, how far it is, and that this never goes backwards."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QProgressBar

from app.session import LEARNING, READING
from app.widgets.job_card import JobCard
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress, StopToken

from .windows import find


@pytest.fixture
def card(session, qtbot):
    made = JobCard(session)
    qtbot.addWidget(made)
    session.running_kind = LEARNING
    yield made
    session.running_kind = None


def share(card):
    bar = card.findChild(QProgressBar, "job_progress")
    return bar.value() / bar.maximum()


def state(card):
    return card.findChild(QLabel, "job_state").text()


def test_what_comes_before_the_first_step_takes_nothing_of_the_bar(card, session):
    session._progressed(Progress("Looking for near duplicates", 120, 120))
    assert state(card) == "120 of 120"
    assert share(card) == 0
    session._progressed(Progress("Learning", 10, 100, {"epochs": 10, "loss": 3.0, "seconds_left": 60.0}))
    assert share(card) == pytest.approx(0.1)
    assert state(card) == "1 min left"


def test_the_bar_of_looking_at_photos_stands_where_the_numbers_say(card, session):
    session.running_kind = READING
    session._progressed(Progress("Looking at photos", 750, 750))
    assert share(card) == 1
    session._progressed(Progress("Comparing photos", 232, 750))
    assert state(card) == "232 of 750"
    assert share(card) == pytest.approx(232 / 750, abs=0.001)


def test_a_long_title_is_shown_whole(card, session):
    session.running_kind = READING
    session._progressed(Progress("Making finer and coarser groups", 1, 8))
    card.resize(190, card.heightForWidth(190))
    card.show()
    name = card.findChild(QLabel, "job_name")
    assert name.text() == "Making finer and coarser groups"
    assert name.height() >= 2 * name.fontMetrics().height()


def test_saving_is_no_rest(card, session):
    session.running_kind = None
    session.job_changed.emit()
    assert card.findChild(QLabel, "job_name").text() == "All work is saved"
    session.saving = True
    session.job_changed.emit()
    assert card.findChild(QLabel, "job_name").text() == "Saving for you"
    assert state(card) == "See Export"


def to_its_end():
    yield Progress("Looking at photos", 10, 10)


def on_a_full_disk():
    yield Progress("Looking at photos", 1, 10)
    raise PrismhError("No space is left on the disk.")


@pytest.mark.parametrize(
    ("kind", "told"), [(LEARNING, "Learning could not go on"), (READING, "Reading photos could not go on")]
)
def test_after_a_failure_nobody_is_told_that_all_is_saved_until_something_went_well(card, session, qtbot, kind, told):
    def run(kind, job):
        session._start(kind, job, StopToken())
        qtbot.waitUntil(lambda: session.running_kind is None)
        return card.findChild(QLabel, "job_name").text()

    session.running_kind = None
    assert run(kind, on_a_full_disk()) == told
    assert state(card) == "What was saved before is kept"
    assert run(READING, to_its_end()) == "All work is saved"


def test_a_note_is_not_taken_for_what_is_running(card, session):
    session._progressed(Progress("Learning", 10, 100, {"epochs": 10, "loss": 3.0}))
    session._progressed(Progress("The batch was lowered.", 0, None, {"note": "The batch was lowered."}))
    assert card.findChild(QLabel, "job_name").accessibleName() == "Learning"
    assert share(card) == pytest.approx(0.1)
    assert session.notes == ("The batch was lowered.",)


def test_a_pause_says_that_all_is_saved_only_when_it_is(card, session):
    class Asked:
        paused = True

    metrics = {"epochs": 10, "seconds_left": 60.0, "seconds_since_saved": 20.0}
    session._job = Asked()
    session._progressed(Progress("Learning", 10, 100, {**metrics, "loss": 3.0}))
    assert card.findChild(QLabel, "job_name").accessibleName() == "Pausing"
    assert state(card) == "1 min left · saved 20 s ago"
    session._progressed(Progress("Paused", 10, 100, metrics))
    assert card.findChild(QLabel, "job_name").accessibleName() == "Learning, paused"
    assert state(card) == "1 min left · all is saved"
    session._job = None


def test_looking_at_what_was_learned_is_not_told_as_getting_ready_to_learn(qtbot, window):
    window.session.running_kind = LEARNING
    window.session._progressed(Progress("Seeing what was learned of them", 220, 220))
    told = find(window, "step_training").accessibleName()
    window.session.running_kind = None  # or closing the window would ask
    assert told.endswith("under way")
