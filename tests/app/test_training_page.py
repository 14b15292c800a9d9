"""Learn: choices with honest times, settings that are checked, buttons that fit the moment."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from app import theme
from app.pages.training import TrainingPage
from app.session import LEARNING
from prismh_engine.jobs import Progress
from prismh_engine.project import Project
from prismh_engine.project.runs import FAILED, FINISHED, STOPPED

from .opening import open_project
from .windows import run_of_ten_epochs, run_with_settings

MS = 60_000


def show(session, qtbot, folder):
    open_project(qtbot, session, folder)
    made = TrainingPage(session)
    qtbot.addWidget(made)
    made.resize(1068, 800)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: session.summary.photos > 0 and session.running_kind is None, timeout=MS)
    return made


@pytest.fixture
def page(session, qtbot, mapped):
    return show(session, qtbot, mapped)


def find(page, name, kind=QWidget):
    return page.findChild(kind, name)


def seen(page):
    """The buttons of the header in sight, and which of them is the filled one."""
    names = ("stop_button", "start_button", "see_learned_map_button", "pause_button", "resume_button")
    buttons = [find(page, name) for name in names]
    shown = {b.objectName() for b in buttons if b.isVisible()}
    return shown, [b.objectName() for b in buttons if b.isVisible() and b.property("role") == "main"]


def write(page, qtbot, name, text):
    line = find(page, f"setting_{name}", QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_before_anything_was_learned_there_is_one_thing_to_press(page):
    assert seen(page) == ({"start_button"}, ["start_button"])
    assert find(page, "start_button").isEnabled()
    assert "instant map stays" in find(page, "about_learning").text()


def test_the_times_of_the_choices_are_measured_on_this_computer(page, qtbot):
    page._times.measure(24)
    assert "measuring" in find(page, "choice_quick").time()
    qtbot.waitUntil(lambda: find(page, "choice_quick").time().startswith("about "), timeout=3 * MS)
    assert find(page, "choice_thorough").time().startswith("about "), "it differs in its number of epochs alone"
    qtbot.waitUntil(lambda: not page._times.measuring, timeout=MS)


def test_a_setting_out_of_its_range_is_refused_at_once_with_the_reason(page, qtbot):
    find(page, "choice_advanced", QAbstractButton).click()
    write(page, qtbot, "temperature", "-1")
    assert find(page, "settings_complaint").isVisible()
    assert page._settings.complaint() == "temperature must be > 0, got -1.0"
    write(page, qtbot, "temperature", "0.3")
    write(page, qtbot, "batch_size", "1")
    assert page._settings.complaint() == "batch size must be >= 2, got 1", "called as it is beside its value"
    write(page, qtbot, "batch_size", "8")
    assert page._settings.complaint() == ""
    assert page._resolved().settings.temperature == 0.3


def test_start_refuses_a_wrong_setting_at_once_and_shows_it(page, qtbot):
    find(page, "choice_advanced", QAbstractButton).click()
    write(page, qtbot, "temperature", "-1")
    find(page, "choice_advanced", QAbstractButton).click()
    page._times.measure(24)
    qtbot.mouseClick(find(page, "start_button"), Qt.MouseButton.LeftButton)
    assert find(page, "start_button").isEnabled(), "nothing is waited for"
    assert find(page, "settings_complaint").isVisible()
    with qtbot.waitSignal(page._times.ended, timeout=MS):
        page._times.stop()
    assert page.session.running_kind is None


def test_the_keyboard_goes_from_start_to_pause_also_after_a_wait(page, session, qtbot):
    page.activateWindow()
    page._times.measure(24)
    start, pause = find(page, "start_button"), find(page, "pause_button")
    start.setFocus()
    qtbot.keyClick(start, Qt.Key.Key_Space)
    assert not start.isEnabled(), "the measuring ends first"
    qtbot.waitUntil(lambda: session.running_kind == LEARNING, timeout=MS)
    assert pause.hasFocus()
    session.stop()
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)


@pytest.mark.parametrize("text_size", [1.0, 1.3])
def test_advanced_settings_can_be_read_and_changed_in_a_narrow_window(page, qtbot, text_size):
    theme.apply("light", text_size)
    find(page, "choice_advanced", QAbstractButton).click()
    page.resize(800, 670)
    panel, line = find(page, "settings_panel"), find(page, "setting_epochs")
    qtbot.waitUntil(lambda: panel.width() < 450 and line.mapTo(panel, line.rect().topRight()).x() < panel.width())
    reset = find(page, "reset_settings_button")
    assert reset.width() >= reset.sizeHint().width()
    theme.apply("light", 1.0)


def test_settings_follow_the_preset_but_keep_what_a_person_changed(page, qtbot):
    find(page, "choice_advanced", QAbstractButton).click()
    quick = find(page, "setting_epochs", QLineEdit).text()
    write(page, qtbot, "seed", "7")
    find(page, "choice_standard", QAbstractButton).click()
    assert find(page, "setting_epochs", QLineEdit).text() != quick
    resolved = page._resolved()
    assert resolved.settings.seed == 7
    assert resolved.settings.preset == "standard"
    assert resolved.given("seed")
    assert not resolved.given("image_size")
    find(page, "reset_settings_button", QAbstractButton).click()
    assert page._resolved().settings.seed == 0


def test_settings_that_contradict_each_other_are_told(page, qtbot):
    find(page, "choice_advanced", QAbstractButton).click()
    find(page, "setting_base_model").setCurrentText("resnet18")
    assert "starter" in page._settings.complaint()
    assert "--" not in page._settings.complaint(), "flags are for the command line"


def test_what_a_training_says_is_shown_in_numbers_words_and_a_curve(page, session, qtbot):
    session.running_kind = LEARNING
    page._run_is_new = True
    session.job_changed.emit()
    assert find(page, "health_note").text().startswith("Getting ready")
    for step in range(30):
        metrics = {
            "epoch": step // 10 + 1, "epochs": 5, "loss": 4 - 0.05 * step, "photos_per_second": 23.1,
            "seconds_left": 1020.0, "seconds_since_saved": 20.0, "val_loss": 4.0 if step % 10 == 9 else None,
        }  # fmt: skip
        session.learning_progressed.emit(Progress("Learning", step + 1, 50, metrics))
    page._draw()
    assert seen(page) == ({"stop_button", "pause_button"}, ["pause_button"])
    told = {row.accessibleName() for row in find(page, "facts_card").findChildren(QWidget) if row.accessibleName()}
    assert {"Epoch: 3 of 5", "Time left: 17 min", "Photos a second: 23.1", "Last saved: 20 s ago"} <= told
    assert find(page, "health_note").text() == "Learning well. The loss still falls."
    assert find(page, "loss_plot").isVisible()
    session.running_kind = None
    session.job_changed.emit()


def test_what_the_program_lowered_or_noticed_stands_beside_the_curve_in_the_words_of_the_window(page, session, qtbot):
    session.running_kind = LEARNING
    page._run_is_new = True
    session.job_changed.emit()
    note = "Only 4 GB are free: the batch is 16 photos and not 64. Close other programs, or lower --image_size."
    session._progressed(Progress(note, 0, None, {"note": note}))
    assert find(page, "learning_notes").text().endswith("Close other programs, or lower image size.")
    assert session.progress is None, "a note says nothing of how far it is"
    warning = "All photos have become nearly one point: a smaller --learning_rate may help."
    for step, warnings in enumerate(([], [], [warning]), start=1):
        metrics = {"epoch": step, "epochs": 5, "loss": 4 - 0.1 * step, "warnings": warnings}
        session.learning_progressed.emit(Progress("Learning", 10 * step, 50, metrics))
    page._draw()
    told = find(page, "health_note")
    assert (told.text(), told.property("role")) == (warning.replace("--learning_rate", "learning rate"), "warning")
    session.learning_progressed.emit(Progress("Learning", 40, 50, {"epochs": 5, "loss": 3.0, "warnings": []}))
    page._draw()
    assert find(page, "health_note").text() == "Learning well. The loss still falls."
    session.running_kind = None
    session.job_changed.emit()


def stopped_after_two_epochs(project: Project) -> None:
    """A run of ten epochs that was stopped after two."""
    run = run_of_ten_epochs(project)
    (run.folder / "metrics.csv").write_text("epoch,train_loss,val_loss\n1,3.5,3.6\n2,3.1,3.3\n", encoding="utf-8")
    project.runs.set_state(run, STOPPED)


def test_a_learning_that_was_stopped_is_offered_again_when_the_project_is_opened(session, qtbot, mapped):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
    page = show(session, qtbot, mapped)
    shown, main = seen(page)
    assert shown == {"start_button", "resume_button"}
    assert main == ["resume_button"]
    assert "after 2 of 10 epochs" in find(page, "health_note").text()
    assert find(page, "loss_plot").isVisible(), "the curve so far is there"


def test_a_learning_stopped_in_its_first_epoch_is_not_told_as_if_nothing_was_kept(session, qtbot, mapped):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
        (project.runs.all()[-1].folder / "metrics.csv").write_text("epoch,train_loss,val_loss\n", encoding="utf-8")
    page = show(session, qtbot, mapped)
    assert "in the first of 10 epochs. Resume goes on" in find(page, "health_note").text()


def test_a_training_that_goes_on_is_shown_with_its_own_settings(session, qtbot, mapped):
    with Project.open(mapped) as project:
        run = run_with_settings(project, preset="standard", image_size=192)
        project.runs.set_state(run, STOPPED)
    page = show(session, qtbot, mapped)
    assert find(page, "choice_quick", QAbstractButton).isChecked()
    session.running_kind = LEARNING
    session.job_changed.emit()
    assert find(page, "choice_standard", QAbstractButton).isChecked()
    assert "192 px" in find(page, "choice_advanced", QAbstractButton).accessibleDescription()
    session.running_kind = None
    session.job_changed.emit()


def test_a_training_from_nothing_that_goes_on_is_told_though_no_card_is_its(session, qtbot, mapped):
    with Project.open(mapped) as project:
        run = run_with_settings(project, preset="scratch")
        project.runs.set_state(run, STOPPED)
    page = show(session, qtbot, mapped)
    session.running_kind = LEARNING
    session.job_changed.emit()
    assert find(page, "choice_quick", QAbstractButton).isChecked()
    assert "from nothing" in find(page, "choice_advanced", QAbstractButton).accessibleDescription().replace(
        "\u00a0", " "
    )
    session.running_kind = None
    session.job_changed.emit()


def test_a_learning_whose_folder_was_deleted_does_not_go_on_as_another_one(session, qtbot, mapped):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
        folder = project.runs.newest().folder
    page = show(session, qtbot, mapped)
    failures = []
    session.failed.connect(failures.append)
    shutil.rmtree(folder)
    qtbot.mouseClick(find(page, "resume_button"), Qt.MouseButton.LeftButton)
    assert session.running_kind is None
    assert [failure.split(":")[0] for failure in failures] == ["The learning that was stopped cannot go on"]
    assert not find(page, "resume_button").isVisible()
    assert find(page, "start_button").text() == "Start"


def test_a_learning_that_another_program_brought_to_its_end_is_not_said_to_be_under_way_there(session, qtbot, mapped):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
    page = show(session, qtbot, mapped)
    failures = []
    session.failed.connect(failures.append)
    with Project.open(mapped) as other:
        other.runs.set_state(other.runs.newest(), FINISHED)
    qtbot.mouseClick(find(page, "resume_button"), Qt.MouseButton.LeftButton)
    assert len(failures) == 1
    assert "another program went on with it" in failures[0]
    assert not find(page, "resume_button").isVisible()


@pytest.mark.parametrize("begun", [False, True])
def test_a_training_that_failed_with_nothing_to_go_on_from_hides_none_before_it(session, qtbot, mapped, begun):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
        failed = run_of_ten_epochs(project) if begun else project.runs.new()
        failed.folder.mkdir(parents=True, exist_ok=True)
        project.runs.set_state(failed, FAILED)
    page = show(session, qtbot, mapped)
    assert "after 2 of 10 epochs" in find(page, "health_note").text()
    assert find(page, "loss_plot").isVisible()
    assert find(page, "resume_button").isVisible()


def test_why_a_learning_could_not_go_on_is_still_told_when_the_project_is_opened_again(session, qtbot, mapped):
    with Project.open(mapped) as project:
        stopped_after_two_epochs(project)
        project.runs.set_state(project.runs.newest(), STOPPED, "Cannot write last.pt: the disk is full.")
    page = show(session, qtbot, mapped)
    told = find(page, "health_note").text()
    assert "after 2 of 10 epochs. Cannot write last.pt: the disk is full. Resume" in told
    with Project.open(mapped) as project:
        failed = project.runs.new()
        project.runs.set_state(failed, FAILED, "The loss is not a number: take a smaller --learning_rate.")
    page.shown()
    told = find(page, "health_note").text()
    assert told.startswith("The last learning could not go on. The loss is not a number: take a smaller learning rate.")
    assert "after 2 of 10 epochs" in told


def test_without_photos_nothing_can_be_started_and_the_reason_is_told(session, qtbot, tmp_path):
    Project.create(tmp_path / "empty").close()
    open_project(qtbot, session, tmp_path / "empty")
    page = TrainingPage(session)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
    assert not find(page, "start_button").isEnabled()
    assert "two photos" in find(page, "health_note").text()


def test_where_all_photos_are_set_aside_nobody_is_told_that_there_are_none(session, qtbot, mapped):
    with Project.open(mapped) as project:
        project.photos.overrule([photo.id for photo in project.photos.all()[1:]], "set aside")
    page = show(session, qtbot, mapped)
    assert not find(page, "start_button").isEnabled()
    assert "two photos at least that are where they were and not set aside" in find(page, "health_note").text()


def test_a_learning_whose_checkpoint_is_damaged_says_so_and_from_where_it_goes_on(session, qtbot, mapped):
    settings = {"base_model": "resnet18", "weights": "none", "image_size": 32, "batch_size": 4, "epochs": 1}
    with Project.open(mapped) as project:
        run = run_with_settings(project, **settings)
        (run.folder / "checkpoints").mkdir()
        (run.folder / "checkpoints" / "last.pt").write_bytes(b"rubbish" * 1000)
        project.runs.set_state(run, STOPPED)
    page = show(session, qtbot, mapped)
    with qtbot.waitSignal(session.learning_finished, timeout=MS):
        qtbot.mouseClick(find(page, "resume_button"), Qt.MouseButton.LeftButton)
    (aside,) = (run.folder / "superseded").iterdir()
    assert (aside / "checkpoints" / "last.pt").read_bytes() == b"rubbish" * 1000
    told = find(page, "learning_notes").text()
    assert f"last.pt in {run.folder / 'checkpoints'} is damaged" in told
    assert f"learning begins anew, and what is left of the run was moved to {aside}." in told
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
