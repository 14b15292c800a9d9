"""Where a training starts, chosen in the Advanced settings: what follows from it is filled in and can be changed."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

from app.pages.training import TrainingPage
from app.widgets.learn_choice import LearnChoice
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.settings import resolve

from .opening import open_project

MS = 60_000


@pytest.fixture
def page(session, qtbot, mapped):
    open_project(qtbot, session, mapped)
    made = TrainingPage(session)
    qtbot.addWidget(made)
    # Not on screen, where it would measure how long each choice takes.
    qtbot.waitUntil(lambda: session.summary.photos > 0 and session.running_kind is None, timeout=MS)
    made.findChild(QAbstractButton, "choice_advanced").click()
    return made


@pytest.fixture
def chosen(monkeypatch):
    """What a person chooses in the next dialog; None: they think better of it."""
    answers = []
    for module in ("start_weights", "field_editors"):
        monkeypatch.setattr(f"app.widgets.{module}.choose_file", lambda *_: answers.pop(0))
    return answers


def start_from(page, words):
    """Choose a starting point by its words, as with the arrow keys."""
    combo = page.findChild(QComboBox, "setting_weights")
    place = combo.findText(words, Qt.MatchFlag.MatchStartsWith)
    assert place >= 0, [combo.itemText(i) for i in range(combo.count())]
    combo.setCurrentIndex(place)


def settings_of(page):
    assert page._settings.complaint() == ""
    return page._resolved().settings


def scratch():
    """What the preset for a start from nothing says."""
    return resolve(TrainSettings, {"preset": "scratch"}, environment={}).settings


def told(page):
    return page.findChild(QWidget, "choice_advanced").accessibleDescription()


def test_a_preset_starts_from_the_starter(page):
    assert settings_of(page).start_weights == "starter"
    assert told(page).startswith("From the starter")


def test_imagenet_brings_a_resnet_with_its_last_stage_to_learn(page):
    start_from(page, "ImageNet")
    settings = settings_of(page)
    assert (settings.start_weights, settings.base_model, settings.freeze_blocks) == ("imagenet", "resnet18", 6)
    assert told(page).startswith("resnet18 from ImageNet")
    page.findChild(QComboBox, "setting_base_model").setCurrentText("resnet50")
    settings = settings_of(page)
    assert (settings.base_model, settings.freeze_blocks) == ("resnet50", 13)
    page.findChild(QWidget, "reset_settings_button").click()
    assert settings_of(page).base_model == "efficientnet_lite0"


def test_from_nothing_nothing_is_frozen_since_random_weights_have_to_learn(page):
    start_from(page, "Nothing")
    settings = settings_of(page)
    assert (settings.start_weights, settings.freeze_blocks, settings.freeze_bn) == ("none", 0, False)
    assert settings == dataclasses.replace(scratch(), preset=settings.preset, project=settings.project)
    preset = resolve(TrainSettings, {"preset": "quick"}, environment={}).settings
    others = [name for name, value in dataclasses.asdict(settings).items() if value != getattr(preset, name)]
    assert f"{len(set(others) - {'project'})} changed" in told(page), "what is as the preset has it is no change"
    about = page.findChild(QWidget, "about_learning")
    assert about.text().startswith("It looks at each photo twice"), "from nothing, no photo is known to be like another"
    line = page.findChild(QLineEdit, "setting_learning_rate")
    line.setText("0.002")
    line.editingFinished.emit()
    assert settings_of(page).learning_rate == 0.002
    start_from(page, "The starter")
    settings = settings_of(page)
    assert about.text().startswith("It looks at each photo and at those most like it")
    assert (settings.freeze_blocks, settings.freeze_bn) == (11, True), "what was brought goes with it"
    assert settings.learning_rate == 0.002, "what a person typed stays"


def test_who_thinks_better_of_a_file_keeps_the_starter(page, chosen):
    chosen.append(None)
    start_from(page, "A file")
    assert settings_of(page).start_weights == "starter"
    assert page.findChild(QComboBox, "setting_weights").currentText() == "The starter"


def test_a_file_of_weights_is_looked_into_and_told_for_what_it_is(page, qtbot, chosen, tmp_path, photo_folder):
    chosen.append(photo_folder / "drum_0.jpg")
    start_from(page, "A file")
    qtbot.waitUntil(lambda: "JPEG picture" in page._settings.complaint(), timeout=MS)
    page.findChild(QAbstractButton, "start_button").click()
    assert page.session.running_kind is None, "nothing starts from a picture"

    from safetensors.torch import save_file

    from prismh_engine.models.encoders import build

    save_file(build("resnet18").state_dict(), tmp_path / "mine.safetensors")
    chosen.append(tmp_path / "mine.safetensors")
    page.findChild(QAbstractButton, "choose_weights").click()
    qtbot.waitUntil(lambda: page._settings.complaint() == "", timeout=MS)
    settings = settings_of(page)
    assert (settings.start_weights, settings.base_model) == (str(tmp_path / "mine.safetensors"), "resnet18")
    assert told(page).startswith("resnet18 from mine.safetensors")


def test_a_file_with_a_long_name_leaves_the_cards_as_they_are(page, qtbot, chosen, tmp_path):
    page.resize(1040, 700)
    page.show()
    cards = page.findChildren(LearnChoice)
    chosen.append(tmp_path / f"{'weights_of_the_district_office_' * 3}.safetensors")
    chosen[0].write_bytes(b"")
    start_from(page, "A file")
    qtbot.waitUntil(lambda: "weights_of_the_dist… · 224 px" in told(page), timeout=MS)
    qtbot.waitUntil(lambda: max(card.width() for card in cards) - min(card.width() for card in cards) <= 1, timeout=MS)


def test_a_file_of_labels_can_be_chosen_by_a_button(page, chosen, tmp_path):
    chosen.append(tmp_path / "labels.csv")
    button = page.findChild(QAbstractButton, "choose_probe_labels")
    button.click()
    assert settings_of(page).probe_labels == tmp_path / "labels.csv"
    assert page.findChild(QLineEdit, "setting_probe_labels").text() == str(tmp_path / "labels.csv")


def test_a_value_that_is_needed_and_was_emptied_is_that_of_the_preset_again(page):
    line = page.findChild(QLineEdit, "setting_learning_rate")
    for text, rate in (("0.002", 0.002), ("", 1e-4)):
        line.setText(text)
        line.editingFinished.emit()
        assert settings_of(page).learning_rate == rate
    assert line.text() == "0.0001"


def test_a_value_that_can_be_left_out_is_off_where_it_was_emptied(page):
    line = page.findChild(QLineEdit, "setting_grad_clip")
    for text, clip in (("1", 1.0), ("", None)):
        line.setText(text)
        line.editingFinished.emit()
        assert settings_of(page).grad_clip == clip
