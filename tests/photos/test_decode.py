from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prismh_engine.photos.decode import decode

from .pictures import encoded, picture, write
from .profiles import ADOBE_RGB, DISPLAY_P3, ink_profile, rgb_profile

SIZE = (160, 120)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures, brought to one size, 0 to 255."""
    small = [np.asarray(image.convert("RGB").resize((32, 32)), dtype=float) for image in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM", "TGA", "JPEG2000"])
def test_every_common_kind_of_picture_is_read(kind: str) -> None:
    image = picture(1)
    decoded = decode(encoded(image, kind))
    assert decoded.image is not None
    assert decoded.image.mode == "RGB"
    assert (decoded.width, decoded.height) == SIZE
    assert difference(decoded.image, image) < 12


def test_heic_of_a_phone_is_read(shared: Path) -> None:
    decoded = decode(shared / "gps" / "exif-py" / "HMD_Nokia_8.3_5G_hdr.heif", short_side=384)
    assert decoded.image is not None
    assert (decoded.width, decoded.height) == (4608, 3456)
    assert min(decoded.image.size) == 384


def test_a_picture_is_brought_down_to_its_short_side_but_never_enlarged() -> None:
    large = decode(encoded(picture(1, (1600, 1000))), short_side=384)
    assert large.image is not None
    assert large.image.size == (614, 384)
    assert (large.width, large.height) == (1600, 1000)
    small = decode(encoded(picture(1)), short_side=384)
    assert small.image is not None
    assert small.image.size == SIZE


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_photo_is_turned_upright_as_its_exif_says(orientation: int, kind: str) -> None:
    image = picture(2)
    # The inverse of what a viewer has to do.
    stored = {
        1: image,
        2: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: image.transpose(Image.Transpose.ROTATE_180),
        4: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: image.transpose(Image.Transpose.TRANSPOSE),
        6: image.transpose(Image.Transpose.ROTATE_90),
        7: image.transpose(Image.Transpose.TRANSVERSE),
        8: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(encoded(stored, kind, exif=exif), short_side=96)
    assert decoded.image is not None
    assert (decoded.width, decoded.height) == SIZE
    assert decoded.image.size == (128, 96)
    assert difference(decoded.image, image) < 12


def test_real_photos_in_all_eight_orientations_come_out_upright(shared: Path) -> None:
    for kind in ("landscape", "portrait"):
        upright = decode(shared / "orientation" / f"{kind}_1.jpg", short_side=96).image
        assert upright is not None
        for orientation in range(2, 9):
            image = decode(shared / "orientation" / f"{kind}_{orientation}.jpg", short_side=96).image
            assert image is not None
            turned = [image.transpose(way) for way in Image.Transpose]
            assert all(difference(image, upright) < difference(other, upright) for other in turned)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_any_mode_becomes_rgb_that_looks_the_same(mode: str) -> None:
    grey = picture(3).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert("RGB").convert(mode)
    kind = "PNG" if mode in ("1", "L", "LA", "P", "RGBA", "I;16") else "TIFF"
    decoded = decode(encoded(image, kind))
    assert decoded.image is not None
    assert decoded.image.mode == "RGB"
    assert difference(decoded.image, grey) < (30 if mode == "1" else 4)


def test_float_greys_are_scaled_by_their_own_range() -> None:
    values = np.linspace(-3, 5, 64 * 48, dtype=np.float32).reshape(48, 64)
    decoded = decode(encoded(Image.fromarray(values), "TIFF"))
    assert decoded.image is not None
    grey = np.asarray(decoded.image.convert("L"))
    assert (grey.min(), grey.max()) == (0, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white(mode: str) -> None:
    clear = Image.new("RGBA", SIZE, (0, 0, 0, 0)).convert(mode)
    decoded = decode(encoded(clear, "PNG", **({"transparency": 0} if mode == "P" else {})))
    assert decoded.image is not None
    assert decoded.image.getpixel((5, 5)) == (255, 255, 255)


def colour(data: bytes, short_side: int | None = None) -> tuple[int, int, int]:
    """The colour in the middle of a decoded picture."""
    image = decode(data, short_side=short_side).image
    assert image is not None
    assert image.mode == "RGB"
    return image.getpixel((image.width // 2, image.height // 2))  # type: ignore[return-value]


# By the two matrices to XYZ and the curve of sRGB, in floats.
@pytest.mark.parametrize(
    ("primaries", "stored", "seen"),
    [(DISPLAY_P3, (204, 102, 51), (221, 94, 24)), (ADOBE_RGB, (128, 153, 102), (117, 154, 99))],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_colours_of_another_space_are_shown_as_they_look(
    primaries: object, stored: tuple[int, int, int], seen: tuple[int, int, int], kind: str
) -> None:
    image = Image.new("RGB", SIZE, stored)
    quality = {} if kind in ("PNG", "TIFF") else {"quality": 98}
    data = encoded(image, kind, icc_profile=rgb_profile(primaries), **quality)  # type: ignore[arg-type]
    for short_side in (None, 32):
        assert colour(data, short_side) == pytest.approx(seen, abs=4)
    assert colour(encoded(image, kind, **quality)) == pytest.approx(stored, abs=4)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_look_as_their_profile_says(kind: str) -> None:
    grey, red = (128, 128, 128), (138, 208, 195)  # as L, a, b
    profile = ink_profile([grey] * 8 + [red] + [grey] * 7)
    cyan_ink = Image.new("CMYK", SIZE, (255, 0, 0, 0))
    quality = {"quality": 98} if kind == "JPEG" else {}
    assert colour(encoded(cyan_ink, kind, icc_profile=profile, **quality), 32) == pytest.approx((255, 0, 18), abs=20)
    assert colour(encoded(cyan_ink, kind, **quality)) == pytest.approx((0, 255, 255), abs=4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_colour_profile_that_is_broken_or_of_other_colours_is_ignored(kind: str) -> None:
    sound = rgb_profile(DISPLAY_P3)
    for profile in (b"profile", sound[:150], sound[:200] + bytes(200), ink_profile([(128, 128, 128)] * 16)):
        data = encoded(Image.new("RGB", SIZE, (204, 102, 51)), kind, icc_profile=profile)
        assert colour(data, 32) == pytest.approx((204, 102, 51), abs=4)


def test_a_clear_part_stays_white_whatever_the_colour_profile() -> None:
    clear = Image.new("RGBA", SIZE, (200, 0, 0, 0))
    assert colour(encoded(clear, "PNG", icc_profile=rgb_profile(DISPLAY_P3))) == (255, 255, 255)


def test_deep_colours_a_colour_that_means_clear_and_a_clear_palette_are_read() -> None:
    deep = np.full((*SIZE[::-1], 4), 51 * 257, np.uint16)
    assert colour(_deep_png(deep[..., :3])) == (51, 51, 51)
    deep[..., 3] = 0
    assert colour(_deep_png(deep)) == (255, 255, 255)
    assert colour(encoded(Image.new("RGB", SIZE, (1, 2, 3)), "PNG", transparency=(1, 2, 3))) == (255, 255, 255)
    half = Image.new("L", SIZE, 7).convert("P")
    assert colour(encoded(half, "PNG", transparency=bytes([128] * 8))) == pytest.approx((131, 131, 131), abs=2)
    for order in ("<u2", ">u2"):
        grey = Image.fromarray(np.full(SIZE[::-1], 200 * 257, order))
        assert colour(encoded(grey, "TIFF")) == pytest.approx((200, 200, 200), abs=1)


def _deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, values uint16 [H, W, 3 or 4], which Pillow does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2 if values.shape[2] == 3 else 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def test_an_animation_gives_its_first_frame() -> None:
    frames = [picture(seed).quantize() for seed in (1, 2)]
    decoded = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert decoded.image is not None
    assert difference(decoded.image, frames[0]) < 5


@pytest.mark.parametrize(("kind", "share"), [("JPEG", 0.7), ("PNG", 0.7), ("BMP", 0.7)])
def test_a_file_cut_short_is_used_as_far_as_it_goes(kind: str, share: float) -> None:
    image = picture(4)
    data = encoded(image, kind)
    decoded = decode(data[: int(share * len(data))])
    assert decoded.truncated
    assert decoded.image is not None
    assert (decoded.width, decoded.height) == SIZE
    there = decoded.image.height
    assert 0.4 * SIZE[1] <= there < SIZE[1]
    # BMP stores its rows from the bottom up.
    kept = (0, SIZE[1] - there, *SIZE) if kind == "BMP" else (0, 0, SIZE[0], there)
    assert difference(decoded.image, image.crop(kept)) < 12


def test_a_progressive_jpeg_cut_short_is_used() -> None:
    data = encoded(picture(4), progressive=True)
    decoded = decode(data[: int(0.8 * len(data))])
    assert decoded.truncated
    assert decoded.image is not None


def test_a_jpeg_that_lacks_only_its_end_mark_is_used_whole() -> None:
    decoded = decode(encoded(picture(4))[:-2])
    assert decoded.truncated
    assert decoded.image is not None
    assert decoded.image.size == SIZE


def test_a_jpeg_whose_end_became_zeros_is_marked() -> None:
    data = encoded(picture(4, (640, 480)))
    kept = int(0.7 * len(data))
    decoded = decode(data[:kept] + bytes(len(data) - kept))
    assert decoded.truncated
    assert decoded.image is not None
    assert decoded.image.height < 480


def test_a_file_of_which_too_little_is_left_is_refused_in_words() -> None:
    data = encoded(picture(4))
    decoded = decode(data[: int(0.15 * len(data))])
    assert decoded.image is None
    assert "cut short" in decoded.invalid_reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (bytes(5000), "nothing but zeros"),
        (b"<html>404</html>", "not a picture"),
        (b"\xff\xd8", "not a picture"),
        (encoded(picture(1))[:40] + b"\0" * 100, "damaged"),
    ],
)
def test_what_is_no_picture_has_a_reason_and_raises_nothing(data: bytes, reason: str) -> None:
    decoded = decode(data)
    assert decoded.image is None
    assert reason in decoded.invalid_reason
    assert decoded.invalid_reason.endswith(".")


CUT_SHORT = "The file is cut short: too little of the picture is there."
UNKNOWN_KIND = "The picture is of a kind that this program does not read."
DAMAGED = "The picture is damaged: its data cannot be decoded."


def patched(data: bytes, place: int, patch: bytes) -> bytes:
    return data[:place] + patch + data[place + len(patch) :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encoded(picture(1), "JPEG2000")[:40], CUT_SHORT),
        (encoded(picture(1), "JPEG2000")[:300], DAMAGED),
        (encoded(picture(1), "TGA")[:30], CUT_SHORT),
        (patched(encoded(picture(1), "BMP"), 28, b"\x02"), UNKNOWN_KIND),
        (patched(encoded(picture(1), "BMP"), 30, b"\x04"), UNKNOWN_KIND),
        (patched(encoded(picture(1), "PNG"), 60, b"\xff" * 40), DAMAGED),
    ],
)
def test_a_reason_is_a_sentence_of_our_own_whatever_the_decoder_says(data: bytes, reason: str) -> None:
    assert decode(data, short_side=64).invalid_reason == reason


@pytest.mark.filterwarnings("ignore")  # pytest undoes the silence that decode keeps
def test_the_reasons_of_all_bad_files_are_plain_sentences(shared: Path) -> None:
    reasons = {decode(path, short_side=64).invalid_reason for path in (shared / "bad").rglob("*") if path.is_file()}
    beginnings = (CUT_SHORT, UNKNOWN_KIND, DAMAGED, "The file is ", "The file holds nothing", "The picture says it has",
                  "The picture is damaged: its beginning cannot be read.")  # fmt: skip
    assert [reason for reason in reasons if reason and not reason.startswith(beginnings)] == []


def test_a_bomb_is_refused_by_its_size() -> None:
    header = bytearray(encoded(Image.new("RGB", (8, 8)), "BMP"))
    header[18:26] = (60_000).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
    decoded = decode(bytes(header))
    assert decoded.image is None
    assert "million pixels" in decoded.invalid_reason


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_few_bytes_that_claim_to_be_a_huge_picture_are_refused() -> None:
    header = bytearray(encoded(Image.new("RGB", (8, 8)), "BMP"))
    header[18:26] = (12_000).to_bytes(4, "little") + (10_000).to_bytes(4, "little")
    decoded = decode(bytes(header))
    assert decoded.image is None
    assert "cannot hold" in decoded.invalid_reason


def test_a_postscript_file_is_never_run() -> None:
    decoded = decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    assert decoded.image is None


def test_a_file_that_is_gone_has_a_reason(tmp_path: Path) -> None:
    assert decode(tmp_path / "none.jpg").invalid_reason == "The file cannot be read: it is not there any more."
    assert "cannot be read" in decode(tmp_path).invalid_reason


@pytest.mark.filterwarnings("ignore")  # pytest undoes the silence that decode keeps
def test_bad_files_get_the_same_verdict_each_time_and_from_threads_and_print_nothing(shared: Path, capfd: Any) -> None:
    files = sorted(path for path in (shared / "bad").rglob("*") if path.is_file() and path.suffix != ".dds")
    assert files
    runs = [[decode(path, short_side=384) for path in files] for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        runs.append(list(pool.map(lambda path: decode(path, short_side=384), files)))
    for path, *three in zip(files, *runs, strict=True):
        assert (three[0].image is None) == bool(three[0].invalid_reason), path
        assert {(one.invalid_reason, one.truncated, one.width, one.height, one.facts) for one in three} == {
            (three[0].invalid_reason, three[0].truncated, three[0].width, three[0].height, three[0].facts)
        }, path
    assert capfd.readouterr() == ("", "")


def test_the_file_name_does_not_matter(tmp_path: Path) -> None:
    decoded = decode(write(tmp_path / "photo.png", encoded(picture(1), "JPEG")))
    assert decoded.image is not None


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PNG", "JPEG"])
def test_a_picture_that_is_black_below_or_all_over_is_whole(kind: str) -> None:
    half = picture(4, (200, 160))
    half.paste("black", (0, 80, 200, 160))
    for image in (half, Image.new("RGB", (200, 160))):
        for data in (encoded(image, kind), encoded(image, kind) + bytes(4096 if kind == "JPEG" else 0)):
            decoded = decode(data)
            assert (decoded.invalid_reason, decoded.truncated) == ("", False)
            assert decoded.image is not None
            assert decoded.image.size == (200, 160)
