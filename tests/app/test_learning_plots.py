"""The pictures of a training: the curve of the losses, the learning rate, and its health, as they are seen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app import theme
from app.widgets.learning_plots import LearningPlots
from app.widgets.training_history import TrainingHistory


@pytest.fixture
def plots(qtbot):
    theme.apply(theme.LIGHT, 1.0)
    made = LearningPlots()
    qtbot.addWidget(made)
    made.resize(640, 420)
    with qtbot.waitExposed(made):
        made.show()
    return made


def falling(epochs, steps=20, **last):
    history = TrainingHistory()
    for step in range(epochs * steps):
        epoch, share = (step + 1) / steps, step / (epochs * steps)
        measured = {
            "loss": 5 - 2 * share + 0.1 * (-1) ** step, "learning_rate": 1e-3 * (1 - share), "grad_norm": 3.0 - share,
            "positive_similarity": 0.5 + 0.4 * share, "negative_similarity": 0.4 - 0.3 * share,
            "feature_std": 0.5 + 0.3 * share,
        }  # fmt: skip
        if (step + 1) % steps == 0:
            measured |= {"val_loss": 5.2 - 2 * epoch / epochs, "rankme": 40 + 5 * epoch, **last}
        history.add(epoch, measured)
    return history


def find(plots, name):
    return plots.findChild(QWidget, name)


def choose(plots, qtbot, picture):
    qtbot.mouseClick(find(plots, f"chip_{picture}"), Qt.MouseButton.LeftButton)


def columns_of(plot, colour):
    """The pixel columns in which a colour is seen."""
    picture = plot.grab().toImage()
    seen = [
        x
        for x in range(picture.width())
        if any(picture.pixelColor(x, y) == QColor(colour) for y in range(picture.height()))
    ]
    return seen, picture.width()


def test_before_anything_was_learned_a_sentence_says_what_will_be_here(plots):
    assert not find(plots, "loss_plot").isVisible()
    assert not find(plots, "learning_pictures").isVisible()


def test_the_axis_is_as_long_as_the_training_and_the_curve_as_far_as_it_came(plots):
    plots.show_history(falling(5), 10)
    loss = find(plots, "loss_plot")
    columns, width = columns_of(loss, theme.colours().primary)
    assert max(columns) == pytest.approx(width / 2, abs=0.06 * width)
    held_out, _ = columns_of(loss, theme.colours().warning)
    assert held_out, "held-out photos are drawn"


def test_one_wild_step_does_not_press_the_curve_flat(plots):
    history = falling(5)
    history.add(5.01, {"loss": 900.0})
    plots.show_history(history, 10)
    low, high = find(plots, "loss_plot").value_range()
    assert high - low < 5
    assert low < 3.1


def test_a_long_training_and_losses_that_are_no_numbers_are_drawn_too(plots):
    history = falling(100, steps=1000)
    history.add(100.5, {"loss": float("nan")})
    plots.show_history(history, 200)
    loss = find(plots, "loss_plot")
    assert np.isfinite(loss.value_range()).all()
    assert columns_of(loss, theme.colours().primary)[0]


def test_the_learning_rate_is_one_press_away(plots, qtbot):
    plots.show_history(falling(5), 10)
    choose(plots, qtbot, "learning_rate")
    rate = find(plots, "learning_rate_plot")
    assert rate.isVisible()
    assert not find(plots, "loss_plot").isVisible()
    assert rate.value_range()[0] <= 0, "how small it becomes can be seen"
    assert columns_of(rate, theme.colours().primary)[0]


def test_health_shows_what_is_measured_with_its_newest_values(plots, qtbot):
    plots.show_history(falling(5), 10)
    choose(plots, qtbot, "health")
    shown = {name: find(plots, f"measure_{name}") for name in ("similarity", "rankme", "feature_std", "grad_norm")}
    assert all(panel.isVisible() for panel in shown.values())
    assert shown["similarity"].accessibleName() == (
        "How alike two views are: one photo 0.90, different photos 0.10"
    )  # fmt: skip
    assert shown["rankme"].accessibleName() == "Directions in use: 65"
    assert not find(plots, "measure_knn").isVisible(), "nothing has a label"
    assert columns_of(find(plots, "similarity_plot"), theme.colours().warning)[0]


def test_where_photos_have_labels_their_neighbours_are_shown(plots, qtbot):
    plots.show_history(falling(5, knn=0.83), 10)
    choose(plots, qtbot, "health")
    assert find(plots, "measure_knn").isVisible()
    assert find(plots, "measure_knn").accessibleName() == "Neighbours of the same name: 83 %"
    assert not find(plots, "measure_feature_std").isVisible()


def test_the_first_epoch_alone_is_seen_already(plots):
    history = TrainingHistory()
    history.add(1.0, {"loss": 3.5})
    plots.show_history(history, 20)
    assert columns_of(find(plots, "loss_plot"), theme.colours().primary)[0]


def test_next_to_no_change_does_not_look_like_a_fall(plots, qtbot):
    history = TrainingHistory()
    for epoch in range(1, 7):
        history.add(float(epoch), {"loss": 3.0, "rankme": 11.7 - 0.01 * epoch})
    plots.show_history(history, 10)
    choose(plots, qtbot, "health")
    low, high = find(plots, "rankme_plot").value_range()
    assert high - low > 2


def test_the_picture_that_was_chosen_stays_while_it_learns(plots, qtbot):
    plots.show_history(falling(2), 10)
    choose(plots, qtbot, "health")
    plots.show_history(falling(3), 10)
    assert find(plots, "health_plots").isVisible()


def test_held_out_photos_are_named_only_where_there_are_any(plots):
    alone = TrainingHistory()
    for epoch in (1, 2):
        alone.add(epoch, {"loss": 3.0 - epoch})
    plots.show_history(alone, 5)
    assert find(plots, "loss_legend").accessibleName() == "training"
    plots.show_history(falling(2), 5)
    assert find(plots, "loss_legend").accessibleName() == "training, held-out photos"
