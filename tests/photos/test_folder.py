from __future__ import annotations

from pathlib import Path

from prismh_engine import jobs
from prismh_engine.jobs import Progress
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.folder import list_photos, look_at_folder

from .pictures import encoded, picture, write


def test_the_usable_photos_of_a_folder_come_sorted_and_progress_reaches_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for name, seed in (("b/2.jpg", 2), ("a.jpg", 1), ("b/1.png", 3)):
        write(folder / name, encoded(picture(seed)))
    write(folder / "broken.jpg", b"no picture")
    told: list[Progress] = []
    # A cache below the photos must not show its copies as photos.
    with PhotoCache(folder / "cache") as cache:
        listed = jobs.run(list_photos(folder, cache), told.append)
        again = jobs.run(list_photos(folder, cache))
        looked = jobs.run(look_at_folder(folder, cache))
    assert [found.relative for found, _ in listed] == ["a.jpg", "b/1.png", "b/2.jpg"]
    assert listed == again
    assert [found.relative for found, look in looked if not look.usable] == ["broken.jpg"]
    assert (told[-1].done, told[-1].total) == (4, 4)
