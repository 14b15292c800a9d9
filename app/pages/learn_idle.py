"""What there is to know on the Learn page while nothing is being learned here, as a sentence."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from prismh_engine.project import Run

from ..session import READING, Session
from .run_epochs import epochs_of

FEWEST_PHOTOS = 2


def idle_sentence(
    session: Session,
    run: Run | None,
    *,
    has_map: bool,
    unfinished: bool,
    elsewhere: bool,
    epochs_done: int,
    photos: int,
) -> str:
    """How the newest run stands, or why nothing can be learned yet; "" where there is nothing to say.

    has_map: whether what it learned can be seen; unfinished: whether it can go on; elsewhere: whether another program
    learns into it; epochs_done: of it; photos: those that are used.
    """
    if elsewhere:
        return tr(
            "Another program is learning into this run at this moment, and can be stopped there. "
            "What it has learned so far is shown here."
        )
    if unfinished and run is not None:
        epochs = epochs_of(run)
        stopped = tr("This learning was stopped after {done} of {epochs} epochs.")
        if not epochs:  # its settings cannot be read
            stopped = tr("This learning was stopped before its end.")
        elif not epochs_done:
            stopped = tr("This learning was stopped in the first of {epochs} epochs.")
        return f"{stopped.format(done=epochs_done, epochs=epochs)} {tr('Resume goes on from what was saved last.')}"
    if session.running_kind == READING and run is not None and not has_map:
        return tr("The map of what was learned is being made. What it changed is told here after that.")
    if session.running_kind == READING:
        return tr("Photos are being looked at. Learning can start when that is done.")
    if photos < FEWEST_PHOTOS <= session.summary.photos:
        return tr(
            "Learning needs two photos at least that are where they were and not set aside. See to them on the Photos "
            "page, or add a folder there."
        )
    if session.project is not None and photos < FEWEST_PHOTOS:
        return tr("Learning needs two photos at least. Add a folder on the Photos page.")
    return ""


def tr(text: str) -> str:
    return QCoreApplication.translate("learn_idle", text)
