"""The curve of the losses, as it is seen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app import theme
from app.widgets.loss_history import LossHistory
from app.widgets.loss_plot import LossCurve


@pytest.fixture
def curve(qtbot):
    theme.apply(theme.LIGHT, 1.0)
    made = LossCurve()
    qtbot.addWidget(made)
    made.resize(640, 420)
    with qtbot.waitExposed(made):
        made.show()
    return made


def falling(epochs, steps=20):
    history = LossHistory()
    for step in range(epochs * steps):
        history.add((step + 1) / steps, 5 - 2 * step / (epochs * steps) + 0.1 * (-1) ** step)
    for epoch in range(epochs):
        history.add_held_out(epoch + 1, 5.2 - 2 * (epoch + 1) / epochs)
    return history


def columns_of(curve, colour):
    """The pixel columns in which a colour is seen."""
    picture = curve.plot.grab().toImage()
    seen = [
        x
        for x in range(picture.width())
        if any(picture.pixelColor(x, y) == QColor(colour) for y in range(picture.height()))
    ]
    return seen, picture.width()


def test_before_anything_was_learned_a_sentence_says_what_will_be_here(curve):
    assert not curve.plot.isVisible()


def test_the_axis_is_as_long_as_the_training_and_the_curve_as_far_as_it_came(curve):
    curve.show_history(falling(5), 10)
    assert curve.plot.isVisible()
    columns, width = columns_of(curve, theme.colours().primary)
    assert max(columns) == pytest.approx(width / 2, abs=0.06 * width)
    held_out, _ = columns_of(curve, theme.colours().warning)
    assert held_out, "held-out photos are drawn"


def test_one_wild_step_does_not_press_the_curve_flat(curve):
    history = falling(5)
    history.add(5.01, 900.0)
    curve.show_history(history, 10)
    low, high = curve.plot._view.viewRange()[1]
    assert high - low < 5
    assert low < 3.1


def test_a_long_training_and_losses_that_are_no_numbers_are_drawn_too(curve):
    history = falling(100, steps=1000)
    history.add(100.5, float("nan"))
    curve.show_history(history, 200)
    assert len(curve.plot._raw.getData()[0]) < 10_000
    assert np.isfinite(curve.plot._view.viewRange()).all()
    assert columns_of(curve, theme.colours().primary)[0]
