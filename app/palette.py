"""Colours that stand for something: thirty for groups and names, and a row from early to late for dates and numbers.

Each stands out from its card at 3:1 or more, and any two of the thirty can be told apart, also by eyes without red,
green or blue cones; where light and dark need other colours for that, they have other ones.
"""

from __future__ import annotations

from PySide6.QtGui import QColor

from . import theme

# Okabe and Ito's first, as far as they stand out from the card (on white that leaves out their yellow, orange and sky
# blue, which darkened look alike to many); then those that lie furthest in Oklab from all before them, as seen with
# all cones and without one kind (Machado, Oliveira and Fernandes 2009).
_GROUPS = {
    theme.LIGHT: (
        "#0072b2", "#d55e00", "#009e73", "#c8739f", "#8b71fd", "#062fac", "#a51e27", "#b6349f", "#5847cf", "#503d80",
        "#771549", "#295915", "#400b63", "#552609", "#034162", "#977dc5", "#6c4846", "#a57a4f", "#151581", "#055d73",
        "#856531", "#955bca", "#9a698e", "#4675df", "#c13b58", "#3493dc", "#f75265", "#1a3d2d", "#4f0e3d", "#678a17",
    ),
    theme.DARK: (
        "#0075b7", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#32e7a3", "#875be5", "#8688d2",
        "#fab6f3", "#c63c9d", "#856e52", "#bafab8", "#ba73fb", "#7efd80", "#d9344d", "#fab47b", "#54d1cd", "#b0dcce",
        "#ff5b5b", "#a5db26", "#0da4b0", "#985f76", "#4ecf54", "#67ba88", "#ac4ac7", "#eb85e3", "#889b49", "#fc898e",
    ),
}  # fmt: skip
# Later is further from the card: darker on white, lighter on black. Lightness alone tells the order.
_SEQUENCE = {
    theme.LIGHT: ("#3f97c9", "#4a6fc4", "#55419c", "#3c0d52"),
    theme.DARK: ("#5b73c9", "#4aa8ad", "#9ccf77", "#f8f0a0"),
}

_PALE = 0.45

NUMBERED = len(_GROUPS[theme.LIGHT])
"""So many groups have a colour of their own; further ones begin again."""


def group_colour(number: int) -> QColor:
    """The colour of a group, the same in list, map and export; -1, no group, is the quiet grey."""
    if number < 0:
        return QColor(theme.colours().quiet)
    return QColor(_GROUPS[theme.colours().name][number % NUMBERED])


def unknown() -> QColor:
    """The pale colour of photos of which is not known what the others are coloured by."""
    return _between(QColor(theme.colours().card), QColor(theme.colours().quiet), _PALE)


def sequence(count: int) -> list[QColor]:
    """So many colours from early to late, or from little to much."""
    ends = [QColor(text) for text in _SEQUENCE[theme.colours().name]]
    made = []
    for place in range(count):
        at = (len(ends) - 1) * (place / (count - 1) if count > 1 else 1.0)
        one = min(int(at), len(ends) - 2)
        made.append(_between(ends[one], ends[one + 1], at - one))
    return made


def _between(one: QColor, other: QColor, part: float) -> QColor:
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * part) for a, b in pairs))
