"""Numbers, times and sizes as a person says them, in the language of the window."""

from __future__ import annotations

import re
from datetime import date, datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale

_FLAG = re.compile(r"(?<!\S)--([a-z][a-z_]+)\b")


def tr(text: str) -> str:
    return QCoreApplication.translate("words", text)


def number(value: int) -> str:
    return locale().toString(value)


def amount(value: float) -> str:
    """A number that need not be whole, to ten digits at most."""
    return locale().toString(value, "g", 10)


def photos(count: int) -> str:
    return tr("1 photo") if count == 1 else tr("{0} photos").format(number(count))


def photos_of(count: int, of: int) -> str:
    """So many of so many photos; where that is all of them, how many they are."""
    return photos(of) if count == of else tr("{0} of {1}").format(number(count), photos(of))


def groups(count: int) -> str:
    return tr("1 group") if count == 1 else tr("{0} groups").format(number(count))


def groups_of(count: int, of: int) -> str:
    """So many of so many groups; where that is all of them, how many they are."""
    return groups(of) if count == of else tr("{0} of {1}").format(number(count), groups(of))


def photo_folders(count: int) -> str:
    return tr("1 photo folder") if count == 1 else tr("{0} photo folders").format(number(count))


def duration(seconds: float) -> str:
    """A length of time, roughly: "40 s", "17 min", "3 h 10 min", "2 days"."""
    if seconds < 60:
        return tr("{0} s").format(max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{0} min").format(minutes)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return tr("{0} days").format(round(hours / 24))
    return tr("{0} h {1} min").format(hours, minutes) if minutes else tr("{0} h").format(hours)


def without_flags(sentence: str) -> str:
    """A sentence of the engine with its flags as the names of the Advanced settings: "--batch_size" as "batch size"."""
    return _FLAG.sub(lambda flag: flag[1].replace("_", " "), sentence)


def day(moment: str, today: date | None = None) -> str:
    """An ISO 8601 moment as "today", "yesterday" or "14 July 2026"; "" where it is none."""
    try:
        then = datetime.fromisoformat(moment).date()
    except ValueError:
        return ""
    days = ((today or date.today()) - then).days
    return tr("today") if days == 0 else tr("yesterday") if days == 1 else _date(then)


def taken(moment: str) -> str:
    """When a photo was taken, to the minute, as the camera's clock had it: "14 July 2026, 09:31"."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return _date(then.date()) if len(moment) <= 10 else f"{_date(then.date())}, {then:%H:%M}"


def place(latitude: float, longitude: float, digits: int = 4) -> str:
    """WGS 84 degrees with their hemispheres, to so many digits: "13.0827° N, 80.2707° E"."""
    north, east = tr("N") if latitude >= 0 else tr("S"), tr("E") if longitude >= 0 else tr("W")
    return f"{abs(latitude):.{digits}f}° {north}, {abs(longitude):.{digits}f}° {east}"


def distance(metres: float) -> str:
    """A length on the ground, roughly: "40 m", "1.2 km", "350 km"; rounded up, so that it is never too short."""
    if metres < 1000:
        step = 10 if metres < 200 else 50
        rounded = max(step, -(-metres // step) * step)
        if rounded < 1000:
            return tr("{0} m").format(number(int(rounded)))
    kilometres = metres / 1000
    if kilometres < 10:
        return tr("{0} km").format(locale().toString(-(-kilometres * 10 // 1) / 10, "g", 2))
    return tr("{0} km").format(number(int(-(-kilometres // 1))))


def size(count: float) -> str:
    """Bytes, to two digits: "about 9 MB" without the "about"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def _date(day: date) -> str:
    return locale().toString(QDate(day.year, day.month, day.day), "d MMMM yyyy")


def locale() -> QLocale:
    """The person's; one without a language (a bare terminal's) groups no digits, so English stands in for it."""
    here = QLocale()
    return QLocale(QLocale.Language.English) if here.language() == QLocale.Language.C else here
