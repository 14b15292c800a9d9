"""What is made of the losses of a training: a calm line, and a sentence that is true."""

from __future__ import annotations

import numpy as np
import pytest

from app.widgets import health
from app.widgets.training_history import Health, TrainingHistory, judge, read_metrics, smoothed


def history(losses_by_epoch, held_out=(), steps=10):
    """A training whose every step of an epoch has that epoch's loss."""
    made = TrainingHistory()
    for epoch, loss in enumerate(losses_by_epoch):
        for step in range(steps):
            measured = {"loss": loss, "val_loss": held_out[epoch] if held_out and step == steps - 1 else None}
            made.add(epoch + (step + 1) / steps, measured)
    return made


def test_the_smooth_line_follows_a_straight_one_exactly_and_takes_the_noise_out():
    epochs = np.linspace(0.1, 20, 4000)
    x, y = smoothed(epochs, 5 - 0.1 * epochs)
    assert len(x) <= 300
    assert np.allclose(y, 5 - 0.1 * x, atol=1e-9)
    noisy = 5 - 0.1 * epochs + np.random.default_rng(0).normal(size=4000)
    x, y = smoothed(epochs, noisy)
    assert np.abs(y - (5 - 0.1 * x)).max() < 0.35


def test_epochs_that_are_over_have_their_mean_and_the_one_under_way_has_none():
    made = history([3.0, 2.0])
    assert made.per_epoch().tolist() == [3.0, 2.0]
    made.add(2.1, {"loss": 1.0})
    assert made.per_epoch().tolist() == [3.0, 2.0]


def test_a_training_that_goes_back_to_its_checkpoint_draws_no_loop():
    made = history([3.0, 2.0, 1.0])
    made.add(1.5, {"loss": 1.9})
    epochs, losses = made.points("loss")
    assert (np.diff(epochs) > 0).all()
    assert epochs[-1] == 1.5
    assert losses[-1] == 1.9


@pytest.mark.parametrize(
    ("losses", "held_out", "expected"),
    [
        ([], [], Health.WAITING),
        ([3.0], [], Health.WAITING),
        ([3.85, 3.87], [2.13, 2.16], Health.WAITING),
        ([3.85, 3.87], [2.13, 2.05], Health.LEARNING),
        ([3.0, 2.5, 2.2], [], Health.LEARNING),
        ([3.0, 2.5, 2.6], [], Health.LEARNING),
        ([3.89, 3.82, 4.22], [], Health.SLOW),
        ([3.0, 2.0, 2.0, 2.0, 2.0], [], Health.SLOW),
        ([3.0, 2.0] + [2.0] * 10, [], Health.FLAT),
        ([3.0, 2.0] + [2.0] * 10, [3.0 - 0.1 * epoch for epoch in range(12)], Health.LEARNING),
        ([3.0, 2.0] + [2.0] * 10, [3.0, 2.0] + [2.0] * 10, Health.FLAT),
        ([3.0, 3.2, 3.4], [], Health.RISING),
        ([3.0, 2.8, 2.6, 2.4, 2.2], [3.0, 2.9, 3.0, 3.1, 3.2], Health.HELD_OUT_RISES),
        ([3.0, 2.0, float("nan")], [], Health.BROKEN),
    ],
)
def test_the_losses_are_judged(losses, held_out, expected):
    assert judge(history(losses, held_out)).health is expected


def test_a_flat_curve_says_for_how_long_and_that_one_can_stop():
    text, role = health.sentence(judge(history([3.0, 2.0] + [2.0] * 10)))
    assert text == "Flat for 10 epochs: you can stop and keep what was learned."
    assert role == health.NOTE


def test_one_epoch_that_went_up_is_told_as_that():
    text, role = health.sentence(judge(history([3.89, 3.82, 4.22])))
    assert text == "The loss rose in the last epoch; one alone says little."
    assert role == health.NOTE


def test_noise_on_a_falling_curve_is_not_taken_for_a_flat_one():
    rng = np.random.default_rng(0)
    losses = 3 + np.exp(-np.arange(30) / 10) + rng.normal(size=30) * 0.002
    assert judge(history(losses)).health in (Health.LEARNING, Health.SLOW)


def test_the_curve_of_an_earlier_run_is_read_from_its_metrics(tmp_path):
    file = tmp_path / "metrics.csv"
    file.write_text("\ufeffepoch,train_loss,val_loss\r\n1,3.5,3.6\r\n2,3.1,\r\n", encoding="utf-8")
    made = read_metrics(file)
    assert made.per_epoch().tolist() == [3.5, 3.1]
    assert made.points("val_loss")[1].tolist() == [3.6]
    assert len(read_metrics(tmp_path / "none.csv")) == 0
