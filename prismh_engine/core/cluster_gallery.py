"""`cluster_gallery.html`: one page, in one file, that shows the typical photos of each group."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..counted import counted
from ..files import write_whole
from ..jobs import Job, Progress
from ..photos.decode import decode

_SIDE = 160  # pixels of a thumbnail; shown at most that large
_QUALITY = 80


@dataclass(frozen=True)
class GalleryPhoto:
    """A photo as it stands in the tables, and where it should lie, None where that is unknown."""

    file_path: str
    path: Path | None


@dataclass(frozen=True)
class GalleryGroup:
    """A group: its name if it has one, how many photos it has, how well separated it is (0 to 1), typical photos."""

    name: str | None
    size: int
    separation: float
    photos: Sequence[GalleryPhoto]


def write_gallery(
    path: Path, groups: Sequence[GalleryGroup], odd_ones: Sequence[GalleryPhoto], total: int
) -> Job[None]:
    """Write the page; groups stand in the order of their cluster numbers, `total` photos are in them all.

    odd_ones: the photos most unlike all others, the oddest first; where there are none, nothing is said of them. A
    photo that cannot be found or shown has a placeholder. Raises `PrismhError` where the disk refuses.
    """
    sections = [(_heading(number, group), group.photos) for number, group in enumerate(groups)]
    if odd_ones:
        sections.append((_ODD_ONES, odd_ones))
    shown = sum(len(photos) for _, photos in sections)
    done = 0
    with write_whole(path, "w", encoding="utf-8") as stream:
        stream.write(_HEAD.format(count=counted(len(groups), "group"), total=counted(total, "photo")))
        for heading, photos in sections:
            stream.write(heading)
            for photo in photos:
                yield Progress("Making the gallery", done, shown)
                stream.write(_figure(photo))
                done += 1
            stream.write("</div></section>\n")
        stream.write("</main></body></html>\n")
        yield Progress("Making the gallery", done, shown)


def separated(separation: float) -> str:
    """How well separated a group is, in words; `separation` is the share of a photo's neighbours in its own group."""
    if separation >= 0.8:
        return "well separated"
    return "partly separated" if separation >= 0.6 else "not clearly separated"


def _heading(number: int, group: GalleryGroup) -> str:
    title = f"Group {number + 1}" if group.name is None else html.escape(group.name)
    facts = (
        f"{counted(group.size, 'photo')} · {separated(group.separation)} ({group.separation:.0%}) · cluster {number}"
    )
    return f'<section><h2>{title}</h2><p>{facts}</p><div class="photos">\n'


def _figure(photo: GalleryPhoto) -> str:
    name = html.escape(photo.file_path)
    picture = None if photo.path is None else _thumbnail(photo.path)
    if picture is None:
        return f'<figure title="{name}"><div class="gone">no picture</div><figcaption>{name}</figcaption></figure>\n'
    data = base64.b64encode(picture).decode("ascii")
    return (
        f'<figure title="{name}"><img alt="{name}" loading="lazy" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{name}</figcaption></figure>\n"
    )


def _thumbnail(path: Path) -> bytes | None:
    """A square JPEG of the middle of a photo, None where it cannot be shown."""
    image = decode(path, short_side=_SIDE).image
    if image is None:
        return None
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    stream = io.BytesIO()
    image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, box=box).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


_ODD_ONES = (
    "<section><h2>Odd ones</h2><p>The photos that look least like any other, the oddest first, whatever group they "
    'are in.</p><div class="photos">\n'
)

# Nothing is loaded from anywhere and no script can run, whatever the names of photos hold.
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Groups of look-alike photos</title>
<style>
:root {{ color-scheme: light dark }}
:root {{ --page: #f6f7f8; --card: #ffffff; --ink: #1c2427; --quiet: #5b686d; --line: #dfe4e6 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #171b1d; --card: #1f2527; --ink: #e8edee; --quiet: #9fadb2; --line: #333b3e }}
}}
body {{ margin: 0; background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, sans-serif }}
main {{ max-width: 1180px; margin: 0 auto; padding: 24px }}
h1 {{ font-size: 22px; margin: 0 }}
h2 {{ font-size: 16px; margin: 0; overflow-wrap: anywhere }}
p {{ color: var(--quiet); margin: 2px 0 14px }}
section {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 14px 0 }}
.photos {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 10px }}
figure {{ margin: 0; min-width: 0 }}
img, .gone {{ display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 6px }}
.gone {{ display: grid; place-items: center; border: 1px dashed var(--line); color: var(--quiet) }}
* {{ box-sizing: border-box }}
figcaption {{ color: var(--quiet); font-size: 11px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }}
</style>
</head>
<body><main>
<h1>Groups of look-alike photos</h1>
<p>{count} found in {total}. Groups are suggestions: each shows the photos nearest to its middle, and in
brackets how many of a photo's 15 most alike photos lie in the same group.</p>
"""
