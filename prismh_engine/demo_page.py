"""`index.html` of the demo: one page, in one file, that shows what the chain made of the photos."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .files import write_whole

_THUMBNAIL_SIDE = 128


@dataclass(frozen=True)
class StepLine:
    """One step as the page lists it: what it did, how long it took, and what it left, as a path from the page."""

    name: str
    what: str
    seconds: float
    place: str


@dataclass(frozen=True)
class PageGroup:
    """One group: its name, colour, number of photos, how well separated it is (0 to 1), and some thumbnails."""

    name: str
    colour: str
    size: int
    separation: float
    thumbnails: Sequence[Path]


@dataclass(frozen=True)
class SetAside:
    """One photo that was not used: why, and its thumbnail."""

    reason: str
    thumbnail: Path | None


@dataclass(frozen=True)
class Page:
    """Everything the page shows. instant, learned: maps; change: what learning changed, a sentence."""

    photos: int
    used: int
    instant: Image.Image
    learned: Image.Image
    change: str
    groups: Sequence[PageGroup]
    set_aside: Sequence[SetAside]
    steps: Sequence[StepLine]


def write_page(path: Path, page: Page) -> None:
    """Write the page. Raises `PrismhError` where the disk refuses."""
    with write_whole(path, "w", encoding="utf-8") as stream:
        stream.write(
            _PAGE.format(
                photos=page.photos,
                used=page.used,
                groups_found=len(page.groups),
                instant=_picture(page.instant, 84),
                learned=_picture(page.learned, 84),
                change=html.escape(page.change),
                groups="\n".join(map(_group, page.groups)),
                set_aside="\n".join(map(_set_aside, page.set_aside)),
                steps="\n".join(map(_step, page.steps)),
                total=f"{sum(step.seconds for step in page.steps):.0f}",
            )
        )


def _group(group: PageGroup) -> str:
    pictures = "".join(_thumbnail(path) for path in group.thumbnails)
    return (
        f'<section class="card"><h3><i style="background:{group.colour}"></i>{html.escape(group.name)}</h3>'
        f"<p>{group.size} photos · {group.separation:.0%} of their nearest photos lie in the same group</p>"
        f'<div class="photos">{pictures}</div></section>'
    )


def _set_aside(photo: SetAside) -> str:
    picture = '<div class="gone">no picture</div>' if photo.thumbnail is None else _thumbnail(photo.thumbnail)
    return f"<figure>{picture}<figcaption>{html.escape(photo.reason)}</figcaption></figure>"


def _step(step: StepLine) -> str:
    place = html.escape(step.place)
    return (
        f"<tr><td><b>{html.escape(step.name)}</b></td><td>{html.escape(step.what)}</td>"
        f'<td class="number">{step.seconds:.1f} s</td><td><a href="{place}">{place}</a></td></tr>'
    )


def _thumbnail(path: Path) -> str:
    try:
        with Image.open(path) as image:
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            box = (left, top, left + side, top + side)
            small = image.convert("RGB").resize((_THUMBNAIL_SIDE,) * 2, Image.Resampling.LANCZOS, box=box)
    except OSError:
        return '<div class="gone">no picture</div>'
    return f'<img alt="" src="{_picture(small, 80)}">'


def _picture(image: Image.Image, quality: int) -> str:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Prism-H: what the demo made</title>
<style>
:root {{ color-scheme: light dark; --page: #f6f7f8; --card: #fff; --ink: #1c2427; --quiet: #5b686d; --line: #dfe4e6;
  --primary: #0b6e69 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #171b1d; --card: #1f2527; --ink: #e8edee; --quiet: #9fadb2; --line: #333b3e; --primary: #4fb7b0 }}
}}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, sans-serif }}
main {{ max-width: 1180px; margin: 0 auto; padding: 28px 24px 48px }}
h1 {{ font-size: 24px; margin: 0 }} h2 {{ font-size: 18px; margin: 34px 0 2px }}
h3 {{ font-size: 15px; margin: 0; display: flex; align-items: center; gap: 8px }}
p {{ color: var(--quiet); margin: 2px 0 12px; max-width: 78ch }}
i {{ width: 12px; height: 12px; border-radius: 50%; flex: none }}
a {{ color: var(--primary) }}
.card {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px }}
.map {{ display: block; width: 100%; border-radius: 10px; border: 1px solid var(--line); background: #fff }}
.groups {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(350px, 1fr)); gap: 14px }}
.photos {{ display: grid; grid-template-columns: repeat(6, 1fr); gap: 6px }}
.aside {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px }}
.photos img, figure img, .gone {{ display: block; width: 100%; aspect-ratio: 1; border-radius: 6px; object-fit: cover }}
.gone {{ display: grid; place-items: center; border: 1px dashed var(--line); color: var(--quiet); font-size: 11px }}
figure {{ margin: 0; min-width: 0 }}
figcaption {{ color: var(--quiet); font-size: 12px; overflow-wrap: anywhere }}
table {{ width: 100%; border-collapse: collapse }}
td {{ padding: 6px 10px 6px 0; border-top: 1px solid var(--line); vertical-align: top }}
tr:first-child td {{ border-top: 0 }}
.number {{ text-align: right; white-space: nowrap }}
</style>
</head>
<body><main>
<h1>What the demo made of {photos} photos</h1>
<p>Prism-H drew these photos itself: drums, tyres, plant pots, puddles, buckets, drains and
manhole covers, as they might be
photographed on a season's rounds. It then went the whole road on them. {used} of them could be used, in
{groups_found} groups.</p>

<h2>The instant map</h2>
<p>Photos that look alike lie together. Nobody told the program what is in them. Groups are its suggestions; the names
stand for what a person would write: the demo knows what it drew, and calls each group what most of its photos show.</p>
<img class="map" alt="Map of the photos, coloured and named by group" src="{instant}">

<h2>Groups</h2>
<p>The photos nearest to the middle of each group.</p>
<div class="groups">{groups}</div>

<h2>After learning from these photos</h2>
<p>{change}</p>
<img class="map" alt="Map of the photos after learning" src="{learned}">

<h2>Set aside</h2>
<p>Photos that were left out, and why. In the window each can be taken back.</p>
<div class="card aside">{set_aside}</div>

<h2>Step by step</h2>
<p>{total} seconds on this machine. Each line leaves its files beside this page; the project opens in the window.</p>
<div class="card"><table>{steps}</table></div>
</main></body></html>
"""
