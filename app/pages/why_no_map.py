"""Why there is no map to see, and what to do about it. Without widgets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from prismh_engine.jobs import Progress
from prismh_engine.project.feature_sets import STARTER

from .. import words
from .map_contents import FEWEST_PHOTOS, MapContents

PHOTOS, MAKE_IT = "photos", "make it"
"""Where the button leads: to the Photos page, or to a map being made."""


@dataclass(frozen=True)
class Reason:
    """heading, sentence: to read. button: its words, "" for none; leads_to: PHOTOS or MAKE_IT. progress: how far what
    makes the map is, None where nothing does."""

    heading: str
    sentence: str
    button: str = ""
    leads_to: str = ""
    progress: Progress | None = None


def reading(progress: Progress | None) -> Reason:
    """Photos are being read, or the map is being made."""
    progress = progress or Progress(tr("Your photos are being read"), 0, None)
    of = f"{words.number(progress.done)} / {words.number(progress.total)}. " if progress.total else ""
    sentence = of + tr("The map appears as soon as all photos have been seen.")
    return Reason(progress.what, sentence, progress=progress)


def resting(contents: MapContents) -> Reason:
    """Nothing is on its way to a map."""
    if not contents.all_photos:
        heading, sentence = tr("There are no photos yet"), tr("Add a folder with photos, and the map appears here.")
        return Reason(heading, sentence, tr("Go to Photos"), PHOTOS)
    if contents.used < FEWEST_PHOTOS:
        return Reason(tr("A map needs at least three photos"), _why_too_few(contents), tr("Go to Photos"), PHOTOS)
    sentence = tr("Nothing has to be learned first.")
    if contents.features != STARTER:
        sentence = tr("What was learned is kept. The map can be made from it at any time.")
    return Reason(tr("The map is not made yet"), sentence, tr("Make the map"), MAKE_IT)


def _why_too_few(contents: MapContents) -> str:
    number = words.number
    if contents.missing:
        missing = tr("{missing} of {all} photos are not where they were. Say where they are now.")
        return missing.format(missing=number(contents.missing), all=number(contents.all_photos))
    if contents.used == contents.all_photos:
        return tr("{all} so far. Add a folder with more.").format(all=words.photos(contents.used))
    aside = tr("{used} of {all} photos are used. Take some back, or add a folder.")
    return aside.format(used=number(contents.used), all=number(contents.all_photos))


def tr(text: str) -> str:
    return QCoreApplication.translate("why_no_map", text)
