from __future__ import annotations

from typing import Any

import pytest

from . import fuzz


@pytest.mark.filterwarnings("ignore")  # pytest undoes the silence that decode keeps
def test_hundreds_of_damaged_pictures_raise_nothing_and_print_nothing(capfd: Any) -> None:
    good = fuzz.good_pictures()
    used = sum(fuzz.check(number, good)[1] in ("whole", "cut short") for number in range(9 * len(good)))
    assert used > len(good)  # not everything is refused at the door
    assert capfd.readouterr().err == ""
