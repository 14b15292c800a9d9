"""What is remembered between two starts, and where projects are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import settings
from app.settings import AppSettings, RecentProject
from prismh_engine.errors import PrismhError


def test_settings_survive_a_restart():
    first = AppSettings()
    first.theme, first.text_size = "dark", 1.3
    first.remember(RecentProject("/p/one", "One", ("/photos/one",), photos=7))
    first.save()
    again = AppSettings()
    assert (again.theme, again.text_size) == ("dark", 1.3)
    assert again.recent() == [RecentProject("/p/one", "One", ("/photos/one",), photos=7)]


def test_the_project_opened_last_stands_first_and_once():
    kept = AppSettings()
    for name in ("one", "two", "one"):
        kept.remember(RecentProject(f"/p/{name}", name))
    assert [project.name for project in kept.recent()] == ["one", "two"]
    kept.forget("/p/one")
    assert [project.name for project in kept.recent()] == ["two"]


@pytest.mark.parametrize("nonsense", ["nonsense", "{}", '[{"surprise": 1}]', "[3]"])
def test_damaged_settings_are_as_if_never_set(home, nonsense):
    file = home / "settings" / "window.ini"
    file.parent.mkdir(parents=True)
    file.write_text(f"[General]\ntheme=purple\ntext_size=huge\nrecent={nonsense!r}\n", encoding="utf-8")
    kept = AppSettings()
    assert (kept.theme, kept.text_size, kept.recent()) == ("system", 1.0, [])


def test_a_project_is_named_like_its_photos_and_never_overwrites_another(home):
    photos = Path("/somewhere/Ward 14")
    first = settings.new_project_folder(photos)
    assert first == home / "projects" / "Ward 14"
    first.mkdir(parents=True)
    assert settings.new_project_folder(photos) == home / "projects" / "Ward 14 2"


def test_no_project_is_made_among_the_photos(home):
    with pytest.raises(PrismhError, match="choose a folder inside it"):
        settings.new_project_folder(home)
