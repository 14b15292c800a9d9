"""Dates, ranges of dates and the marks of a time axis as a person says them. Moments as in `time_bins`."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QTimeZone

from . import time_bins, words

_DAY = 86_400


def tr(text: str) -> str:
    return QCoreApplication.translate("time_words", text)


def range_in_words(moments: tuple[float, float]) -> str:
    """A range of moments, its end not included: "14 July 2026", "1 to 14 July 2026", "before 3 May 2026"."""
    start, end = moments
    if math.isinf(start) and math.isinf(end):
        return tr("any date")
    if math.isinf(start):
        return tr("before {0}").format(_said(end, "d MMMM yyyy"))
    if math.isinf(end):
        return tr("from {0} on").format(_said(start, "d MMMM yyyy"))
    whole_days = start % _DAY == 0 and end % _DAY == 0
    if not whole_days:
        same_day = start // _DAY == (end - 1) // _DAY
        until = _said(end, "HH:mm" if same_day else "d MMMM yyyy HH:mm")
        return tr("{0} to {1}").format(_said(start, "d MMMM yyyy HH:mm"), until)
    first, last = (np.datetime64(int(moment), "s").astype("datetime64[D]") for moment in (start, end - _DAY))
    if first == last:
        return _said(start, "d MMMM yyyy")
    if first == first.astype("datetime64[M]") and last + 1 == (last + 1).astype("datetime64[M]"):
        return _months(start, end - _DAY)
    if first.astype("datetime64[M]") == last.astype("datetime64[M]"):
        shown = "d"
    else:
        shown = "d MMMM" if first.astype("datetime64[Y]") == last.astype("datetime64[Y]") else "d MMMM yyyy"
    return tr("{0} to {1}").format(_said(start, shown), _said(end - _DAY, "d MMMM yyyy"))


def bar_in_words(unit: str, start: float, end: float) -> str:
    """What one bar of a time axis holds."""
    if unit == time_bins.HOUR and math.isfinite(start) and math.isfinite(end):
        return _said(start, "d MMMM yyyy HH:mm")
    return range_in_words((start, end))


def mark_in_words(moment: float, unit: str, *, with_year: bool) -> str:
    """The text at a mark: "12:00", "14 July", "July", "July 2026", "2026"."""
    shown = {
        time_bins.HOUR: "HH:mm",
        time_bins.DAY: "d MMM yyyy" if with_year else "d MMM",
        time_bins.MONTH: "MMMM yyyy" if with_year else "MMMM",
        time_bins.YEAR: "yyyy",
    }
    return _said(moment, shown[unit])


def _months(start: float, last: float) -> str:
    """A range of whole months, or whole years."""
    first_year, last_year = (int(_said(moment, "yyyy")) for moment in (start, last))
    if _said(start, "M") == "1" and _said(last, "M") == "12":
        years = (_said(start, "yyyy"), _said(last, "yyyy"))
        return years[0] if first_year == last_year else tr("{0} to {1}").format(*years)
    if first_year == last_year and _said(start, "M") == _said(last, "M"):
        return _said(start, "MMMM yyyy")
    shown = "MMMM" if first_year == last_year else "MMMM yyyy"
    return tr("{0} to {1}").format(_said(start, shown), _said(last, "MMMM yyyy"))


def _said(moment: float, shown: str) -> str:
    at = QDateTime.fromSecsSinceEpoch(int(moment), QTimeZone(0))
    locale = QLocale(QLocale.Language.C) if shown in ("M", "yyyy") else words.locale()
    return locale.toString(at, shown)
