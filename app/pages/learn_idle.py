"""What there is to know on the Learn page while nothing is being learned here, as a sentence."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from prismh_engine.project import Run

from .. import words
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
    failed: Run | None,
    epochs_done: int,
    photos: int,
) -> str:
    """How the newest run stands, or why nothing can be learned yet; "" where there is nothing to say.

    has_map: whether what it learned can be seen; unfinished: whether it can go on; elsewhere: whether another program
    learns into it; failed: a newer one that left nothing to go on from; epochs_done: of `run`; photos: those that are
    used.
    """
    if elsewhere:
        return tr(
            "Another program is learning into this run at this moment, and can be stopped there. "
            "What it has learned so far is shown here."
        )
    why = "" if failed is None else f"{tr('The last learning could not go on.')} {because(failed)}"
    if unfinished and run is not None:
        epochs = epochs_of(run)
        stopped = tr("This learning was stopped after {done} of {epochs} epochs.")
        if not epochs:  # its settings cannot be read
            stopped = tr("This learning was stopped before its end.")
        elif not epochs_done:
            stopped = tr("This learning was stopped in the first of {epochs} epochs.")
        stopped = stopped.format(done=epochs_done, epochs=epochs)
        return " ".join(filter(None, (why, stopped, because(run), tr("Resume goes on from what was saved last."))))
    if why:
        return why
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


def because(run: Run) -> str:
    """Why a run could not go on, in the words of the window; "" where nothing failed."""
    return words.without_flags(run.failure)


def tr(text: str) -> str:
    return QCoreApplication.translate("learn_idle", text)
