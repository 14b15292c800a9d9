"""What the losses say, as a sentence a person can act on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from .. import words
from .training_history import Health, Verdict

NOTE, WARNING = "note", "warning"


def sentence(verdict: Verdict, warnings: Sequence[str] = ()) -> tuple[str, str]:
    """The sentence and the role it is shown in: NOTE or WARNING.

    warnings: what the engine finds wrong with the newest epoch; it knows more than the losses.
    """
    if warnings and verdict.health is not Health.BROKEN:
        return "\n\n".join(words.without_flags(warning) for warning in warnings), WARNING
    texts = {
        Health.WAITING: tr("Learning has begun. How it goes can be told after two or three epochs."),
        Health.LEARNING: tr("Learning well. The loss still falls."),
        Health.SLOW: tr("Learning slowly. The loss has not fallen for {epochs} epochs."),
        Health.FLAT: tr("Flat for {epochs} epochs: you can stop and keep what was learned."),
        Health.RISING: tr("The loss rises. Stop, and try a smaller learning rate under Advanced."),
        Health.HELD_OUT_RISES: tr(
            "Held-out photos have got worse for {epochs} epochs: you can stop. The best epoch is kept."
        ),
        Health.BROKEN: tr("The loss is no number any more. Stop, and try a smaller learning rate under Advanced."),
    }
    if verdict == Verdict(Health.SLOW, 1):
        return tr("The loss rose in the last epoch; one alone says little."), NOTE
    role = WARNING if verdict.health in (Health.RISING, Health.BROKEN) else NOTE
    return texts[verdict.health].format(epochs=verdict.epochs), role


def tr(text: str) -> str:
    return QCoreApplication.translate("health", text)
