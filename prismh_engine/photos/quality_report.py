"""`quality_report.html`: one page, in one file, that shows what each verdict means by examples of it."""

from __future__ import annotations

import base64
import html
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from PIL import Image

from ..counted import counted
from ..errors import PrismhError
from ..files import write_whole
from ..jobs import Job, Progress
from .quality_page import HEAD, TAIL
from .sorted_output import FOLDERS, JudgedPhoto
from .verdicts import BLURRY, CLEAN, DARK, DUPLICATE, INVALID, OUTLIER, Thresholds

REPORT_FILE = "quality_report.html"
EXAMPLES = 12

_WRITING = "Writing the report"
_MARK = '<meta name="generator" content="prismh-engine preprocess">'
_WIDTH, _HEIGHT = 256, 192  # pixels of a picture, at most; three quarters as high as wide, as cameras make them
_QUALITY = 80
_ORDER = (INVALID, DUPLICATE, DARK, BLURRY, OUTLIER, CLEAN)
_TITLES = {
    INVALID: "Unreadable",
    DUPLICATE: "Duplicates",
    DARK: "Too dark",
    BLURRY: "Blurred",
    OUTLIER: "Unusual",
    CLEAN: "Clean",
}

Picture = Callable[[JudgedPhoto], Image.Image | None]


@dataclass(frozen=True)
class Judged:
    """What was judged, and how. photos: N, each with its verdict; other_files: how many files looked like no picture;
    by_starter: whether the starter encoder saw the photos.
    """

    photos: Sequence[JudgedPhoto]
    thresholds: Thresholds
    other_files: int
    by_starter: bool


def check_report(output: Path) -> None:
    """Raise `PrismhError` where a file in the output folder only has the name of the page."""
    path = output / REPORT_FILE
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            start = stream.read(2000)
    except FileNotFoundError:
        return
    except OSError:
        start = ""
    if _MARK not in start:
        raise PrismhError(f"{path} was not written by this step: choose another output folder.")


def write_report(output: Path, judged: Judged, picture: Picture) -> Job[Path]:
    """Write the page: how many photos got which verdict, what it means, and up to 12 examples, the worst first.

    picture: a photo's upright RGB copy, None where there is none; asked for the examples alone. Everything that comes
    from a file is escaped, and the page can load and run nothing. Returns its path. Raises `PrismhError` where the
    disk refuses.
    """
    by_verdict: dict[str, list[JudgedPhoto]] = defaultdict(list)
    for photo in judged.photos:
        by_verdict[photo.verdict].append(photo)
    best = {photo.file_path: photo for photo in judged.photos}
    examples = {verdict: _worst_first(verdict, by_verdict[verdict], judged.thresholds) for verdict in _ORDER}
    total, done = sum(map(len, examples.values())), 0
    with write_whole(output / REPORT_FILE, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(HEAD.format(mark=_MARK, summary=_summary(judged, by_verdict)))
        for verdict in _ORDER:
            stream.write(_heading(verdict, len(by_verdict[verdict]), judged))
            if examples[verdict]:
                stream.write('<div class="photos">\n')
            for photo in examples[verdict]:
                yield Progress(_WRITING, done, total)
                stream.write(_figure(photo, best.get(photo.duplicate_of or ""), picture))
                done += 1
            stream.write("</div></section>\n" if examples[verdict] else "</section>\n")
        stream.write(TAIL)
    yield Progress(_WRITING, total, total)
    return output / REPORT_FILE


def _worst_first(verdict: str, photos: Sequence[JudgedPhoto], thresholds: Thresholds) -> list[JudgedPhoto]:
    if verdict == INVALID:
        return _one_of_each(photos, lambda photo: photo.reason)
    if verdict == DUPLICATE:
        return _one_of_each(photos, lambda photo: photo.duplicate_of or "")
    return sorted(photos, key=lambda photo: (-_badness(verdict, photo, thresholds), photo.file_path))[:EXAMPLES]


def _one_of_each(photos: Sequence[JudgedPhoto], kind: Callable[[JudgedPhoto], str]) -> list[JudgedPhoto]:
    """One photo of each kind first, the most frequent kinds first, so that one of them doesn't fill the page."""
    kinds: dict[str, list[JudgedPhoto]] = defaultdict(list)
    for photo in photos:
        kinds[kind(photo)].append(photo)
    ranked = sorted(kinds.values(), key=len, reverse=True)
    rounds = zip_longest(*(group[:EXAMPLES] for group in ranked[:EXAMPLES]))
    return [photo for photo in chain.from_iterable(rounds) if photo is not None][:EXAMPLES]


def _badness(verdict: str, photo: JudgedPhoto, thresholds: Thresholds) -> float:
    """How far a photo is beyond what its verdict asks for; of clean ones, how near they are to another verdict."""
    look = photo.look
    dark = _share(thresholds.dark, look.brightness)
    blurry = _share(thresholds.blurry, look.sharpness)
    unlike = _share(photo.outlier_distance or 0.0, thresholds.outlier_distance)
    return {DARK: dark, BLURRY: blurry, OUTLIER: unlike}.get(verdict, max(dark, blurry, unlike))


def _share(limit: float, value: float | None) -> float:
    return 0.0 if value is None else limit / max(value, 1e-9)


def _summary(judged: Judged, by_verdict: dict[str, list[JudgedPhoto]]) -> str:
    total = len(judged.photos)
    rows = "\n".join(_summary_row(verdict, len(by_verdict[verdict]), total) for verdict in (CLEAN, *_ORDER[:-1]))
    others = f" Left out: {counted(judged.other_files, 'other file')}." if judged.other_files else ""
    clean = len(by_verdict[CLEAN])
    said = f"{clean:,} of {counted(total, 'photo')} can be used as they are." if total else "No photo was found."
    return f"<p>{said}{others}</p>\n<table>\n{rows}\n</table>"


def _summary_row(verdict: str, count: int, total: int) -> str:
    share = count / max(total, 1)
    name = _TITLES[verdict]
    title = f'<a href="#{verdict}">{name}</a>' if count else name
    bar = f'<i class="{verdict}" style="width:{share:.2%}"></i>' if count else ""
    return (
        f'<tr><td>{title}</td><td class="number">{count:,}</td><td class="number">{_percent(share)}</td>'
        f'<td class="bar">{bar}</td></tr>'
    )


def _heading(verdict: str, count: int, judged: Judged) -> str:
    share = _percent(count / max(len(judged.photos), 1))
    facts = f"{counted(count, 'photo')} · {share}" if count else "none"
    shown = f" Shown are {EXAMPLES} of them." if count > EXAMPLES else ""
    folder = FOLDERS[verdict].as_posix()
    return (
        f'<section id="{verdict}"><h2><i class="{verdict}"></i>{_TITLES[verdict]}<span>{facts}</span></h2>\n'
        f"<p>{_meaning(verdict, judged)}{shown} <code>{folder}/</code></p>\n"
    )


def _meaning(verdict: str, judged: Judged) -> str:
    """What a verdict says, with the threshold it was judged by."""
    limits = judged.thresholds
    if verdict == INVALID:
        return "Files that look like pictures and cannot be read as such."
    if verdict == DUPLICATE:
        if not judged.by_starter:
            return "The same file as a better photo, or nearly the same picture, told by a hash of it."
        return (
            "The same file as a better photo, or one that shows nearly the same: the starter encoder sees both alike "
            f"(cosine of {limits.ccthreshold:g} or more). At the right stands the better photo."
        )
    if verdict == DARK:
        return f"The mean brightness is below {limits.dark:g} of 255."
    if verdict == BLURRY:
        return (
            f"The sharpness (variance of the Laplacian) is below {limits.blurry:g}. "
            "Of each photo the middle is shown, magnified."
        )
    if verdict == OUTLIER:
        if not judged.by_starter:
            return "Not looked for, since the starter encoder was left out."
        if all(photo.outlier_distance is None for photo in judged.photos):
            return "Not looked for: it takes 40 different photos to tell what is usual."
        return (
            "Few other photos look like these: the distance to the 20th most alike one (1 − cosine) is above "
            f"{limits.outlier_distance:g}. They may be of something else, or the most interesting ones."
        )
    return "Nothing speaks against these. First come those that were nearest to being set aside."


def _figure(photo: JudgedPhoto, best: JudgedPhoto | None, picture: Picture) -> str:
    name = html.escape(photo.file_path)
    middle = photo.verdict == BLURRY
    pictures = _picture(photo, picture, middle)
    if photo.verdict == DUPLICATE and best is not None:
        pictures = f'<div class="pair">{pictures}{_picture(best, picture, middle)}</div>'
    reason = f"<p><bdi>{html.escape(photo.reason)}</bdi></p>" if photo.reason else ""
    measures = "" if photo.reason else f"<p>{_measures(photo)}</p>"
    return f"<figure>{pictures}<figcaption><bdi>{name}</bdi>{reason}{measures}</figcaption></figure>\n"


def _measures(photo: JudgedPhoto) -> str:
    look = photo.look
    known = (
        ("brightness", look.brightness, 1),
        ("sharpness", look.sharpness, 0),
        ("distance", photo.outlier_distance, 2),
    )
    return " · ".join(f"{name} {value:.{digits}f}" for name, value, digits in known if value is not None)


def _picture(photo: JudgedPhoto, picture: Picture, middle: bool) -> str:
    image = None if photo.verdict == INVALID else picture(photo)
    if image is None:
        return '<div class="gone">no picture</div>'
    if middle and image.width > _WIDTH and image.height > _HEIGHT:
        left, top = (image.width - _WIDTH) // 2, (image.height - _HEIGHT) // 2
        image = image.crop((left, top, left + _WIDTH, top + _HEIGHT))
    else:
        image = image.copy()
        image.thumbnail((_WIDTH, _WIDTH), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG", quality=_QUALITY)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(photo.file_path)}" loading="lazy" src="data:image/jpeg;base64,{data}">'


def _percent(share: float) -> str:
    """Never 0 % for one, nor 100 % for all but one."""
    return "< 1 %" if 0 < share < 0.01 else "> 99 %" if 0.99 < share < 1 else f"{share:.0%}".replace("%", " %")
