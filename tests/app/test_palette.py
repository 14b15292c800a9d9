"""Colours of groups and of dates: readable, and told apart by everyone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app import palette, theme

# How colours look with all cones and without one kind: on linear sRGB, severity 1 (Machado, Oliveira, Fernandes 2009).
EYES = {
    "all cones": np.eye(3),
    "no red ones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green ones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue ones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.fixture(params=["light", "dark"])
def card(request, qapp):
    theme.apply(request.param, 1.0)
    yield QColor(theme.colours().card)
    theme.apply("system", 1.0)


def oklab(colours: list[QColor], eyes: str) -> np.ndarray:
    """Ottosson's Oklab of what those eyes see, times 100: a difference of about 2 is seen side by side."""
    values = np.array([colour.getRgbF()[:3] for colour in colours])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(EYES[eyes]).T, 0, 1)
    cones = np.cbrt(seen @ np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                                     [0.2119034982, 0.6806995451, 0.1073969566],
                                     [0.0883024619, 0.2817188376, 0.6299787005]]).T)  # fmt: skip
    return 100 * cones @ np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                                   [1.9779984951, -2.4285922050, 0.4505937099],
                                   [0.0259040371, 0.7827717662, -0.8086757660]]).T  # fmt: skip


def closest(colours: list[QColor], eyes: str) -> float:
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(oklab(colours, eyes), 2))


def test_every_colour_stands_out_from_its_card(card):
    for colour in [*map(palette.group_colour, range(-1, 40)), *palette.sequence(12)]:
        assert theme.contrast(colour, card) >= theme.MINIMUM_CONTRAST, colour.name()


@pytest.mark.parametrize("eyes", EYES)
def test_thirty_groups_are_told_apart_by_all_eyes(card, eyes):
    assert closest([palette.group_colour(number) for number in range(12)], eyes) >= 5.5
    assert closest([palette.group_colour(number) for number in range(-1, 30)], eyes) >= 3.5


def test_a_group_beyond_the_thirty_begins_again(card):
    assert palette.group_colour(30) == palette.group_colour(0)


@pytest.mark.parametrize("eyes", EYES)
def test_later_dates_are_further_from_the_card_whatever_the_eyes(card, eyes):
    lightness = oklab(palette.sequence(12), eyes)[:, 0]
    steps = np.diff(lightness) * (-1 if theme.colours().name == theme.LIGHT else 1)
    assert (steps > 1).all()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_row_has_as_many_colours_as_asked_for(card, count):
    colours = palette.sequence(count)
    assert len({colour.name() for colour in colours}) == count
