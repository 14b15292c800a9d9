from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.photos.quality_report import EXAMPLES, Judged, check_report, write_report
from prismh_engine.photos.record import Look
from prismh_engine.photos.sorted_output import JudgedPhoto
from prismh_engine.photos.verdicts import Thresholds

from .pictures import picture, write


def judged(
    name: str,
    verdict: str = "clean",
    reason: str = "",
    *,
    brightness: float = 100.0,
    sharpness: float = 500.0,
    duplicate_of: str | None = None,
    outlier_distance: float | None = 0.3,
) -> JudgedPhoto:
    look = Look("hash", brightness=brightness, sharpness=sharpness)
    return JudgedPhoto(name, Path(name), 1000, look, verdict, reason, duplicate_of, outlier_distance)


def page_of(
    output: Path, photos: list[JudgedPhoto], thresholds: Thresholds | None = None, by_starter: bool = True
) -> str:
    all_of_them = Judged(photos, thresholds or Thresholds(), 2, by_starter)
    path = jobs.run(write_report(output, all_of_them, lambda photo: picture(1, (512, 384))))
    return path.read_text(encoding="utf-8")


def section(page: str, verdict: str) -> str:
    found = re.search(rf'<section id="{verdict}">.*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def names(page: str, verdict: str) -> list[str]:
    return re.findall(r"<figcaption><bdi>(.*?)</bdi>", section(page, verdict))


def pictures(text: str) -> list[Image.Image]:
    found = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_the_page_counts_and_says_what_each_verdict_means_with_its_threshold(tmp_path: Path) -> None:
    photos = [judged(f"{n}.jpg") for n in range(3)] + [judged("d.jpg", "dark", "Too dark.", brightness=3)]
    page = page_of(tmp_path, photos, Thresholds(0.8, 21, 77, 0.55))
    assert "3 of 4 photos can be used" in page
    assert "Left out: 2 other files" in page
    assert "1 photo · 25 %" in section(page, "dark")
    assert "below 21 of 255" in section(page, "dark")
    assert "below 77" in section(page, "blurry")
    assert "0.8 or more" in section(page, "duplicate")
    assert "above 0.55" in section(page, "outlier")
    assert "problematic/dark/" in section(page, "dark")
    assert "none" in section(page, "invalid")
    assert "Unreadable" in section(page, "invalid")  # as the window says


def test_what_was_not_looked_for_is_said(tmp_path: Path) -> None:
    few = [judged("1.jpg", outlier_distance=None)]
    assert "40 different photos" in section(page_of(tmp_path, few), "outlier")
    page = page_of(tmp_path, few, by_starter=False)
    assert "starter encoder was left out" in section(page, "outlier")
    assert "hash" in section(page, "duplicate")


def test_the_worst_come_first_and_twelve_at_most(tmp_path: Path) -> None:
    photos = [judged(f"dark {n:02}.jpg", "dark", "Too dark.", brightness=n / 2) for n in reversed(range(20))]
    photos += [judged(f"odd {n}.jpg", "outlier", "Unusual.", outlier_distance=0.7 + n / 100) for n in range(3)]
    photos += [judged("sharp.jpg"), judged("nearly blurred.jpg", sharpness=51)]
    page = page_of(tmp_path, photos)
    assert names(page, "dark") == [f"dark {n:02}.jpg" for n in range(EXAMPLES)]
    assert "Shown are 12 of them" in section(page, "dark")
    assert names(page, "outlier") == ["odd 2.jpg", "odd 1.jpg", "odd 0.jpg"]
    assert names(page, "clean") == ["nearly blurred.jpg", "sharp.jpg"]


def test_one_burst_of_duplicates_or_one_kind_of_damage_does_not_fill_its_place(tmp_path: Path) -> None:
    photos = [judged("best.jpg"), judged("other.jpg")]
    photos += [judged(f"again {n:02}.jpg", "duplicate", "The same.", duplicate_of="best.jpg") for n in range(30)]
    photos.append(judged("once.jpg", "duplicate", "The same.", duplicate_of="other.jpg"))
    photos += [judged(f"cut {n:02}.jpg", "invalid", "Cut short.") for n in range(30)]
    photos.append(judged("empty.jpg", "invalid", "Empty."))
    page = page_of(tmp_path, photos)
    assert names(page, "duplicate")[:3] == ["again 00.jpg", "once.jpg", "again 01.jpg"]
    assert names(page, "invalid")[:2] == ["cut 00.jpg", "empty.jpg"]
    assert len(names(page, "invalid")) == EXAMPLES
    assert len(pictures(section(page, "duplicate"))) == 2 * EXAMPLES, "beside each stands the better photo"
    assert pictures(section(page, "invalid")) == []


def test_a_blurred_photo_is_shown_large_enough_to_see_it(tmp_path: Path) -> None:
    page = page_of(tmp_path, [judged("b.jpg", "blurry", "Blurred."), judged("c.jpg")])
    (blurred,), (clean,) = pictures(section(page, "blurry")), pictures(section(page, "clean"))
    whole = picture(1, (512, 384))
    middle = whole.crop((128, 96, 384, 288))
    assert difference(blurred, middle) < 10 < difference(blurred, whole.resize((256, 192)))
    assert difference(clean, whole.resize((256, 192))) < 10


def difference(one: Image.Image, other: Image.Image) -> float:
    pairs = zip(one.convert("L").tobytes(), other.convert("L").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height)


def test_nothing_in_a_name_or_a_reason_becomes_part_of_the_page(tmp_path: Path) -> None:
    bad = '<script src="https://example.org/x.js"></script><img src=x onerror="alert(1)">.jpg'
    photos = [judged(f"{bad}{verdict}", verdict, bad) for verdict in ("clean", "dark", "blurry", "invalid")]
    photos.append(judged(f"{bad}2", "duplicate", bad, duplicate_of=f"{bad}clean"))
    page = page_of(tmp_path, photos)

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            assert tag != "script"
            for name, value in attributes:
                assert not name.startswith("on")
                if name in ("src", "href"):
                    assert value is not None
                    assert value.startswith(("data:image/jpeg;base64,", "#"))

    Check().feed(page)
    assert "default-src 'none'" in page
    assert "https://" not in page.replace(html_escaped(bad), "")


def html_escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def test_a_photo_that_is_gone_has_a_placeholder_and_no_photo_at_all_is_said(tmp_path: Path) -> None:
    gone = Judged([judged("1.jpg")], Thresholds(), 0, True)
    page = jobs.run(write_report(tmp_path, gone, lambda photo: None)).read_text(encoding="utf-8")
    assert "no picture" in section(page, "clean")
    assert "No photo was found" in page_of(tmp_path, [])


def test_a_page_of_somebody_else_is_not_replaced_and_our_own_is(tmp_path: Path) -> None:
    check_report(tmp_path)
    page_of(tmp_path, [judged("1.jpg")])
    check_report(tmp_path)
    write(tmp_path / "quality_report.html", b"<html>mine</html>")
    with pytest.raises(PrismhError, match="was not written by this step"):
        check_report(tmp_path)
