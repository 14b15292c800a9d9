"""Learning again with the names that were given: offered where there are enough, and done through the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit

from app import theme
from app.session import LEARNING
from app.teachers import Teachers, teachers_of
from prismh_engine.project import Project
from prismh_engine.project.runs import FAILED, FINISHED, STOPPED
from prismh_engine.tables import read_csv, write_csv

from .explore_pages import choose_group, write
from .windows import click, find, open_window, run_of_ten_epochs, run_with_settings, trigger, wait_until_read

MS = 120_000
BEFORE_IT_LEARNED = "stopped in its first epoch"


def photos_of(project, kind, count):
    ids = sorted(photo.id for photo in project.photos.each_used() if photo.path.name.startswith(kind))
    return ids[:count]


def give_names(project, *, drums, tyres):
    """Name so many drums and so many tyres, each by itself."""
    project.labels.name_photos(photos_of(project, "drum", drums), "drum")
    project.labels.name_photos(photos_of(project, "tyre", tyres), "tyre")


@pytest.fixture
def named(mapped):
    """The folder of a project with enough names."""
    with Project.open(mapped) as project:
        give_names(project, drums=6, tyres=5)
    return mapped


def open_at(qtbot, window, folder, page):
    window.open_folder(folder)
    wait_until_read(qtbot, window)
    qtbot.waitUntil(lambda: window.session.summary.teachers is not None, timeout=MS)
    window.show_page(page)
    if page == "explore":
        wait_until_read(qtbot, window)


def told(window):
    """What the card of names says."""
    return find(window, "choice_names").accessibleDescription()


def chosen(window):
    cards = ("quick", "standard", "thorough", "names")
    return [name for name in cards if find(window, f"choice_{name}").isChecked()]


def end_measuring(qtbot, window):
    """Have the times of the choices no longer measured, which takes long."""
    times = window.page()._times
    times.stop()
    qtbot.waitUntil(lambda: not times.measuring, timeout=MS)


def test_without_names_the_card_says_what_is_missing_and_leads_there_only_when_asked(qtbot, mapped):
    with open_window(qtbot) as window:
        open_at(qtbot, window, mapped, "training")
        assert told(window) == "Name a few photos first: two names, on five photos each"
        card, missing = find(window, "choice_names"), find(window, "names_missing_card")
        assert card.accessibleName() == "With my names"
        assert not missing.isVisible()
        click(qtbot, window, "choice_names")
        assert window.page().objectName() == "training_page", "nobody is taken away without a word"
        assert missing.isVisible()
        assert find(window, "names_missing").text() == (
            "Learning with names takes 2 names at least, on 5 photos each. So far no photo has a name. Give names on "
            "the Explore page: choose a group or some photos there, and type what they show. A photo with several "
            "names, or one that is set aside, does not count."
        )
        click(qtbot, window, "go_to_names")
        assert window.page().objectName() == "explore_page"
        window.show_page("training")
        assert chosen(window) == ["quick"]
        click(qtbot, window, "choice_standard")
        assert not missing.isVisible(), "something else was chosen"
        find(window, "choice_thorough").setFocus()
        qtbot.keyClick(find(window, "choice_thorough"), Qt.Key.Key_Right)
        assert card.hasFocus(), "the arrow keys come by it"
        assert not missing.isVisible()
        qtbot.keyClick(card, Qt.Key.Key_Return)
        assert missing.isVisible()
        assert window.page().objectName() == "training_page"


def test_what_is_missing_follows_the_names_that_are_given(qtbot, mapped):
    with open_window(qtbot) as window:
        open_at(qtbot, window, mapped, "training")
        session, missing = window.session, find(window, "names_missing_card")
        click(qtbot, window, "choice_names")
        for drums, tyres, so_far in (
            (6, 0, "So far there is 1 name, on 6 photos."),
            (6, 4, "So far there are 2 names on 10 photos, 1 of them on 5 photos or more."),
        ):
            give_names(session.project, drums=drums, tyres=tyres)
            with qtbot.waitSignal(session.summary_changed, timeout=MS):
                session.names_changed.emit()
            assert so_far in find(window, "names_missing").text()
        give_names(session.project, drums=6, tyres=5)
        with qtbot.waitSignal(session.summary_changed, timeout=MS):
            session.names_changed.emit()
        assert not missing.isVisible(), "nothing is missing any more"
        assert chosen(window) == ["quick"], "and it is for the person to choose"


def test_the_card_follows_the_names_that_are_given_and_taken_off(qtbot, mapped):
    with open_window(qtbot) as window:
        open_at(qtbot, window, mapped, "training")
        session, card = window.session, find(window, "choice_names")
        assert told(window).startswith("Name a few photos first")
        for drums, tyres, so_far in ((6, 0, "6 photos with 1 name so far"), (6, 4, "10 photos with 2 names so far")):
            give_names(session.project, drums=drums, tyres=tyres)
            with qtbot.waitSignal(session.summary_changed, timeout=MS):
                session.names_changed.emit()
            assert told(window) == f"{so_far}; it takes two names, on five photos each", "four tyres are too few"
        give_names(session.project, drums=6, tyres=5)
        with qtbot.waitSignal(session.summary_changed, timeout=MS):
            session.names_changed.emit()
        assert told(window).endswith("11 photos with 2 names; better with 20 of each")
        card.setFocus()
        qtbot.keyClick(card, Qt.Key.Key_Return)
        assert chosen(window) == ["names"]
        assert find(window, "start_button").text() == "Learn again with my names"
        assert "same name" in find(window, "about_learning").text()
        session.project.labels.remove(photos_of(session.project, "tyre", 5), "tyre")
        with qtbot.waitSignal(session.summary_changed, timeout=MS):
            session.names_changed.emit()
        assert chosen(window) == ["quick"], "what cannot be done is not left chosen"
        assert find(window, "start_button").text() == "Start"
        assert window.page()._resolved().settings.labels is None


def test_explore_offers_it_beside_the_groups_once_there_are_enough_names_and_moves_nothing(qtbot, mapped):
    with open_window(qtbot) as window:
        open_at(qtbot, window, mapped, "explore")
        page, session = window.page(), window.session
        offer, groups, title = (find(window, name) for name in ("learn_with_names", "group_list", "side_card"))
        assert not offer.isVisible()
        before = [widget.mapTo(window, widget.rect().topLeft()) for widget in (groups, title)], groups.size()
        for row, name in ((0, "Drums"), (1, "Tyres")):
            choose_group(page, qtbot, row)
            write(page, qtbot, name)
        qtbot.waitUntil(offer.isVisible, timeout=MS)
        after = [widget.mapTo(window, widget.rect().topLeft()) for widget in (groups, title)], groups.size()
        assert after[0] == before[0]
        assert after[1].width() == before[1].width()
        assert offer.text() == "Learn again with my names"
        click(qtbot, window, "learn_with_names")
        assert window.page().objectName() == "training_page"
        assert chosen(window) == ["names"]
        assert find(window, "start_button").text() == "Learn again with my names"
        assert told(window).endswith("names; better with 20 of each")
        assert session.running_kind is None, "nothing is begun by itself"
        window.show_page("explore")
        find(window, "choice_quick").click()
        trigger(window, "explore_learn_with_names")
        assert chosen(window) == ["names"], "the menu leads there too"


def test_after_the_last_photo_that_was_asked_about_it_is_offered_too(qtbot, named):
    with open_window(qtbot) as window:
        open_at(qtbot, window, named, "explore")
        page = window.page()
        choose_group(page, qtbot, 0)
        click(qtbot, window, "name_these_next")
        qtbot.waitUntil(lambda: find(window, "skip_button").isVisible() and page.loaded(), timeout=MS)
        offer = find(window, "learn_with_these_names")
        while find(window, "skip_button").isVisible():
            assert not offer.isVisible(), "not while there is a photo to name"
            click(qtbot, window, "skip_button")
        window.session.map_changed.emit()
        wait_until_read(qtbot, window)
        assert page._views.map.selection.size == 0, "no group from before stands out: nothing is asked about"
        beneath = find(window, "more_to_name").geometry().top() - find(window, "name_next_back").geometry().bottom()
        assert beneath < find(window, "name_next").height() / 2, "what is left stands together at the top"
        click(qtbot, window, "learn_with_these_names")
        assert chosen(window) == ["names"]


@pytest.mark.parametrize(("state", "taught", "offered"), [
    (FINISHED, {"drum": 6, "tyre": 5}, False),
    (STOPPED, {"drum": 6, "tyre": 5, "gone since": 9}, False),
    (BEFORE_IT_LEARNED, {"drum": 6, "tyre": 5}, True),
    (FAILED, {"drum": 6, "tyre": 5}, True),
    (FINISHED, {"drum": 6}, True),
    (FINISHED, {"drum": 2, "tyre": 2}, True),
    (FINISHED, {}, True),
])  # fmt: skip
def test_it_is_not_offered_again_until_much_more_was_named_than_a_run_learned_from(named, state, taught, offered):
    with Project.open(named) as project:
        run = run_of_ten_epochs(project)
        if taught:
            rows = [(f"{name}_{number}.jpg", name) for name, count in taught.items() for number in range(count)]
            write_csv(run.folder / "labels.csv", ("file_path", "label"), rows)
        if state != BEFORE_IT_LEARNED:
            write_csv(run.folder / "metrics.csv", ("epoch", "train_loss"), [(1, 3.5)])
        project.runs.set_state(run, STOPPED if state == BEFORE_IT_LEARNED else state)
        assert teachers_of(project) == Teachers(photos=11, names=2, names_on_enough=2, taken_up=not offered)


def test_a_photo_with_two_names_or_set_aside_teaches_nothing_and_is_not_counted(named):
    with Project.open(named) as project:
        drums = photos_of(project, "drum", 6)
        project.labels.name_photos(drums[:1], "tyre")
        project.photos.overrule(drums[1:2], "set aside")
        assert teachers_of(project) == Teachers(photos=9, names=2, names_on_enough=1, taken_up=False)


def test_learning_with_names_through_the_window_paused_resumed_and_told_as_any_other(qtbot, named):
    with open_window(qtbot) as window:
        open_at(qtbot, window, named, "explore")
        session, failures = window.session, []
        session.failed.connect(failures.append)
        click(qtbot, window, "learn_with_names")
        click(qtbot, window, "choice_advanced")
        for name, value in {"epochs": "3", "image_size": "64", "batch_size": "8"}.items():
            line = find(window, f"setting_{name}")
            line.selectAll()
            qtbot.keyClicks(line, value)
            qtbot.keyClick(line, Qt.Key.Key_Return)
        assert window.findChild(QLineEdit, "setting_labels").text() == "project"
        click(qtbot, window, "start_button")
        qtbot.waitUntil(lambda: session.running_kind == LEARNING, timeout=MS)
        qtbot.waitUntil(lambda: session.progress is not None and "loss" in session.progress.metrics, timeout=MS)
        click(qtbot, window, "pause_button")
        qtbot.waitUntil(lambda: session.saved_and_waiting, timeout=MS)
        assert not window.findChild(QAbstractButton, "learn_with_names").isVisibleTo(window.page())
        assert "11 photos with one of 2 names teach beside all others." in find(window, "learning_notes").text()
        assert find(window, "loss_plot").isVisible()
        with qtbot.waitSignal(session.learning_finished, timeout=MS) as learned:
            click(qtbot, window, "resume_button")
        assert learned.args[0].finished
        qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
        run = session.project.runs.newest()
        assert run.state == FINISHED
        rows = read_csv(run.folder / "labels.csv", ("file_path", "label"))
        assert {(row["file_path"].split("/")[-1].split("_")[0], row["label"]) for row in rows} == {
            ("drum", "drum"), ("tyre", "tyre"),
        }  # fmt: skip
        assert len(rows) == 11
        assert find(window, "what_learning_changed").text() == run.summary != ""
        assert find(window, "start_button").text() == "Learn again with my names"
        qtbot.waitUntil(lambda: session.summary.teachers.taken_up, timeout=MS)
        click(qtbot, window, "see_learned_map_button")
        wait_until_read(qtbot, window)
        assert not find(window, "learn_with_names").isVisible(), "these names were learned from"
        assert failures == []


def test_a_run_that_was_stopped_goes_on_with_the_names_it_began_with(qtbot, named):
    with Project.open(named) as project:
        run = run_with_settings(project, preset="names", labels="project")
        project.runs.set_state(run, STOPPED)
        project.labels.remove(photos_of(project, "tyre", 5), "tyre")
    with open_window(qtbot) as window:
        open_at(qtbot, window, named, "training")
        end_measuring(qtbot, window)
        session = window.session
        assert find(window, "resume_button").isVisible()
        assert chosen(window) == ["quick"]
        session.running_kind = LEARNING
        session.job_changed.emit()
        assert chosen(window) == ["names"], "that is how it learns"
        session.running_kind = None
        session.job_changed.emit()
        assert chosen(window) == ["quick"], "a new one has too few names"


@pytest.mark.parametrize("text_size", [1.0, 1.5])
def test_the_cards_stay_where_they_are_when_one_is_chosen_and_start_gets_a_longer_name(qtbot, named, text_size):
    with open_window(qtbot) as window:
        theme.apply("light", text_size)
        window.resize(1280, 800)
        open_at(qtbot, window, named, "training")
        end_measuring(qtbot, window)
        card = find(window, "choice_names")
        before = card.mapTo(window, card.rect().topLeft())
        click(qtbot, window, "choice_names")
        qtbot.waitUntil(lambda: find(window, "start_button").width() > 150)
        assert card.mapTo(window, card.rect().topLeft()) == before
        theme.apply("light", 1.0)


def test_no_line_of_a_card_is_cut_off_where_text_is_large_and_a_curve_is_shown(qtbot, named):
    with Project.open(named) as project:
        run = run_of_ten_epochs(project)
        write_csv(run.folder / "metrics.csv", ("epoch", "train_loss"), [(1, 3.5), (2, 3.1)])
        project.runs.set_state(run, STOPPED)
    with open_window(qtbot) as window:
        theme.apply("light", 1.5)
        window.resize(1280, 660)
        open_at(qtbot, window, named, "training")
        end_measuring(qtbot, window)
        qtbot.wait(100)  # the layout follows
        card = find(window, "choice_names")
        assert find(window, "loss_plot").isVisible()
        assert card.height() >= card.heightForWidth(card.width())
        theme.apply("light", 1.0)
