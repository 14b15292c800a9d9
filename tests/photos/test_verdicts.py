from __future__ import annotations

from prismh_engine.photos.duplicates import Duplicate
from prismh_engine.photos.record import Look
from prismh_engine.photos.verdicts import Thresholds, Verdict, judge

GOOD = Look("a", brightness=120.0, contrast=40.0, sharpness=500.0)
DARK_AND_BLURRED = Look("b", brightness=5.0, contrast=1.0, sharpness=3.0)


def verdict(
    look: Look,
    duplicate: Duplicate | None = None,
    thresholds: Thresholds = Thresholds(),  # noqa: B008
    distance: float | None = None,
) -> Verdict:
    duplicates = {1: duplicate} if duplicate else {}
    distances = {} if distance is None else {1: distance}
    return judge([GOOD, look], ["best.jpg", "this.jpg"], duplicates, distances, thresholds)[1]


def test_a_good_photo_is_clean_without_a_word() -> None:
    assert verdict(GOOD) == Verdict("clean")


def test_a_photo_that_cannot_be_used_is_invalid_for_its_own_reason() -> None:
    assert verdict(Look("", invalid_reason="The file is empty.")) == Verdict("invalid", "The file is empty.")


def test_the_first_verdict_stands_and_the_reason_names_the_others() -> None:
    judged = verdict(DARK_AND_BLURRED, Duplicate(0, equal_bytes=True))
    assert judged.kind == "duplicate"
    assert judged.duplicate_of == 0
    assert "best.jpg" in judged.reason
    assert "dark" in judged.reason
    assert "Blurred" in judged.reason
    assert verdict(DARK_AND_BLURRED).kind == "dark"


def test_thresholds_decide() -> None:
    assert verdict(DARK_AND_BLURRED, thresholds=Thresholds(dark=4.0)).kind == "blurry"
    assert verdict(DARK_AND_BLURRED, thresholds=Thresholds(dark=4.0, blurry=2.0)).kind == "clean"


def test_a_photo_far_from_the_others_is_an_outlier_in_a_plain_sentence() -> None:
    assert verdict(GOOD, distance=0.68) == Verdict("clean", outlier_distance=0.68)
    judged = verdict(GOOD, distance=0.75)
    assert (judged.kind, judged.outlier_distance) == ("outlier", 0.75)
    assert judged.reason == "Unusual: few other photos look like it (its distance is 0.75, above 0.68)."
    assert verdict(GOOD, distance=0.75, thresholds=Thresholds(outlier_distance=0.8)).kind == "clean"
    dark = verdict(DARK_AND_BLURRED, distance=0.75)
    assert dark.kind == "dark"
    assert "Unusual" in dark.reason


def test_a_value_close_to_its_limit_never_reads_like_the_limit() -> None:
    assert "its distance is 0.683, above 0.68)" in verdict(GOOD, distance=0.683).reason
    close = verdict(Look("c", brightness=12.96, sharpness=49.999))
    assert "its mean brightness is 12.96 of 255, below 13." in close.reason
    assert "its sharpness is 49.999, below 50." in close.reason


def test_a_file_cut_short_is_used_and_marked_in_words() -> None:
    judged = verdict(Look("c", truncated=True, brightness=120.0, sharpness=500.0))
    assert judged.kind == "clean"
    assert "cut short" in judged.reason
