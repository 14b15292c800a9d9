"""What is known of one photo, in words: when, where and by which camera it was taken, and what was judged of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from prismh_engine.photos.verdicts import Thresholds

from .. import words

if TYPE_CHECKING:
    from prismh_engine.project import Photo


def facts_of(photo: Photo, limits: Thresholds) -> list[tuple[str, str]]:
    """What stands in its card, each with its name."""
    look, unknown = photo.look, tr("unknown")
    facts = [(tr("Taken"), words.taken(look.taken_at) if look.taken_at else unknown)]
    if look.latitude is not None and look.longitude is not None:
        facts.append((tr("Place"), words.place(look.latitude, look.longitude)))
    else:
        facts.append((tr("Place"), look.position_note or unknown))
    if look.camera:
        facts.append((tr("Camera"), look.camera))
    if look.width and look.height:
        facts.append((tr("Size"), f"{look.width} × {look.height}"))
    measured = tr("{0} (limit {1})")
    if look.sharpness is not None:
        facts.append((tr("Sharpness"), measured.format(_rounded(look.sharpness), _rounded(limits.blurry))))
    if look.brightness is not None:
        facts.append((tr("Brightness"), measured.format(_rounded(look.brightness), _rounded(limits.dark))))
    facts.append((tr("File"), photo.file_path))
    return facts


def verdict_of(photo: Photo) -> tuple[str, str]:
    """The sentence on whether it is used, and its role: "note" or "warning"."""
    if photo.missing:
        return tr("Not where it was: {0}").format(photo.path), "warning"
    if not photo.look.usable:
        return photo.look.invalid_reason, "warning"
    if photo.overruled == "set aside":
        return tr("Set aside by you"), "warning"
    if photo.overruled == "used":
        taken_back = tr("Taken back by you. {0}").format(photo.reason) if photo.reason else tr("Taken back by you")
        return taken_back, "note"
    if photo.used:
        return tr("Used: none of the limits sets it aside"), "note"
    return tr("Set aside. {0}").format(photo.reason), "warning"


def _rounded(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def tr(text: str) -> str:
    return QCoreApplication.translate("photo_facts", text)
