"""Damaged pictures of every format through `decode`, thousands of them: `python -m tests.photos.fuzz --count 20000`.

Each is made from its number alone, so that one that fails can be made again. Nothing may be raised, nothing printed,
no process may die, and none may take longer than `decode` promises.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from prismh_engine.photos import guarded
from prismh_engine.photos.decode import decode

from .pictures import encoded, picture

SIZE = (64, 48)
LONGEST_SECONDS = 2 * guarded.SECONDS_A_PICTURE + 10
"""No picture may take longer: both attempts of the guarded process, and its start."""


def good_pictures() -> dict[str, bytes]:
    """One or several small sound files of each format that Pillow can write."""
    image = picture(5, SIZE)
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 30.0, 36.0), 3: "E", 4: (77.0, 15.0, 0.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clear = image.convert("RGBA")
    clear.putalpha(image.convert("L"))
    return {
        "jpeg": encoded(image, exif=exif, icc_profile=profile),
        "jpeg-progressive": encoded(image, progressive=True),
        "jpeg-inks": encoded(image.convert("CMYK")),
        "png": encoded(image, "PNG", exif=exif, icc_profile=profile),
        "png-palette": encoded(image.quantize(), "PNG", transparency=3),
        "png-16-bit": encoded(deep, "PNG"),
        "png-moving": encoded(image, "PNG", save_all=True, append_images=[picture(6, SIZE)]),
        "webp": encoded(image, "WEBP", exif=exif),
        "webp-lossless": encoded(clear, "WEBP", lossless=True),
        "webp-moving": encoded(image, "WEBP", save_all=True, append_images=[picture(6, SIZE)]),
        "gif": encoded(image.quantize(), "GIF", save_all=True, append_images=[picture(6, SIZE).quantize()]),
        "bmp": encoded(image, "BMP"),
        "bmp-palette": encoded(image.quantize(), "BMP"),
        "tiff": encoded(image, "TIFF", exif=exif),
        "tiff-lzw": encoded(image, "TIFF", compression="tiff_lzw"),
        "tiff-deflate": encoded(deep, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-jpeg": encoded(image, "TIFF", compression="jpeg"),
        "tiff-fax": encoded(image.convert("1"), "TIFF", compression="group4"),
        "tiff-inks": encoded(image.convert("CMYK"), "TIFF", compression="packbits"),
        "avif": encoded(image, "AVIF", exif=exif),
        "jpeg-2000": encoded(image, "JPEG2000"),
        "tga": encoded(image, "TGA", compression="tga_rle"),
        "ppm": encoded(image, "PPM"),
        "pcx": encoded(image, "PCX"),
        "ico": encoded(image, "ICO"),
        "icns": encoded(image.resize((32, 32)), "ICNS"),
        "dds": encoded(clear, "DDS"),
        "sgi": encoded(image, "SGI"),
        "mpo": encoded(image, "MPO", save_all=True, append_images=[picture(6, SIZE)]),
    }


def damaged(number: int, good: dict[str, bytes]) -> tuple[str, bytes]:
    """The name of the file that was damaged, and what became of it."""
    random = np.random.default_rng(number)
    names = list(good)
    name = names[number % len(names)]
    data = bytearray(good[name])
    for _ in range(int(random.integers(1, 4))):
        _damage(data, good[names[random.integers(len(names))]], random)
    return name, bytes(data)


def _damage(data: bytearray, other: bytes, random: np.random.Generator) -> None:
    if len(data) < 8:
        return
    # The first bytes hold what a decoder believes; half of all damage goes there.
    end = min(len(data), 128) if random.random() < 0.5 else len(data)
    at = int(random.integers(end))
    length = int(random.integers(1, 64))
    kind = random.choice(["flips", "bytes", "number", "cut", "header", "splice", "zeros", "repeat", "gap"])
    if kind == "flips":
        for place in random.integers(end, size=random.integers(1, 17)):
            data[place] ^= 1 << int(random.integers(8))
    elif kind == "bytes":
        data[at : at + length] = random.bytes(len(data[at : at + length]))
    elif kind == "number":
        width = int(random.choice([1, 2, 4]))
        value = int(random.choice([0, 1, 127, 128, 255, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1]))
        order = "little" if random.random() < 0.5 else "big"
        data[at : at + width] = (value % 256**width).to_bytes(width, order)[: len(data[at : at + width])]
    elif kind == "cut":
        del data[max(at, 4) :]
    elif kind == "header":
        data[:length] = other[:length]
    elif kind == "splice":
        begin = int(random.integers(max(1, len(other) - length)))
        data[at:at] = other[begin : begin + length]
    elif kind == "zeros":
        data[at : at + 8 * length] = bytes(len(data[at : at + 8 * length]))
    elif kind == "repeat":
        data[at:at] = data[at : at + length] * int(random.integers(1, 20))
    else:
        del data[at : at + length]


def check(number: int, good: dict[str, bytes]) -> tuple[str, str, float]:
    """Decode one damaged picture: the good one's name, what came of it, and the seconds it took."""
    name, data = damaged(number, good)
    begin = time.perf_counter()
    decoded = decode(data, short_side=(None, 32, 384)[number % 3])
    seconds = time.perf_counter() - begin
    assert (decoded.image is None) == bool(decoded.invalid_reason), (number, decoded)
    assert decoded.image is None or decoded.image.mode == "RGB", (number, decoded)
    assert seconds < LONGEST_SECONDS, (number, seconds)
    came_of_it = decoded.invalid_reason or ("cut short" if decoded.truncated else "whole")
    return name, came_of_it, seconds


def main() -> int:
    """Try them in processes of their own, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many damaged pictures (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (default: %(default)s)")
    parser.add_argument("--good", type=Path, help="a folder with further sound pictures to damage, 200 kB at most each")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        _work(arguments)
        return 0
    came, slowest, failures = Counter[str](), (0.0, -1), list[str]()
    first, last = arguments.first, arguments.first + arguments.count
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as noise:
        while first < last:
            for number, name, came_of_it, seconds in _worker(first, last, arguments.good, noise):
                kind = "used" if came_of_it in ("whole", "cut short") else "refused"
                came[f"{name}: {kind}"] += 1
                slowest = max(slowest, (seconds, number))
                if "crash" in came_of_it or "seconds" in came_of_it:
                    print(f"{number} ({name}): {came_of_it}")
                first = number + 1
            if first < last:
                failures.append(f"number {first} ended the process")
                first += 1
        noise.seek(0)
        printed = noise.read()
    for what, count in sorted(came.items()):
        print(f"{what:<28}{count:>7}")
    print(
        f"{came.total()} pictures in {time.perf_counter() - begin:.0f} s; the slowest, {slowest[1]}: {slowest[0]:.2f} s"
    )
    print(f"bytes on stderr: {len(printed)}", printed[-2000:].decode(errors="replace"), sep="\n" if printed else " ")
    print("failures:", *(failures or ["none"]))
    return 1 if failures or printed else 0


def _worker(first: int, last: int, good: Path | None, noise: object) -> Iterator[tuple[int, str, str, float]]:
    command = [
        sys.executable,
        "-m",
        "tests.photos.fuzz",
        "--worker",
        "--first",
        str(first),
        "--count",
        str(last - first),
    ]
    command += ["--good", str(good)] if good is not None else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=noise, text=True) as child:  # type: ignore[call-overload]
        for line in child.stdout:
            number, name, seconds, came_of_it = line.rstrip("\n").split("\t")
            yield int(number), name, came_of_it, float(seconds)


def _work(arguments: argparse.Namespace) -> None:
    good = good_pictures()
    if arguments.good is not None:
        for path in sorted(arguments.good.rglob("*")):
            if path.is_file() and path.stat().st_size <= 200_000:
                data = path.read_bytes()
                if decode(data, short_side=32).image is not None:
                    good[path.name] = data
    for number in range(arguments.first, arguments.first + arguments.count):
        name, came_of_it, seconds = check(number, good)
        print(number, name, f"{seconds:.4f}", came_of_it, sep="\t", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
