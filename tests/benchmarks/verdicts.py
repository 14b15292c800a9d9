"""How far verdicts can be trusted, measured on your own photos, spoiled, copied and mixed in known ways.

    python -m tests.benchmarks.verdicts [spoiled] [duplicates] [outliers] --photos DIR [--others DIR]

spoiled: precision and recall of dark and blurry on photos darkened, blurred and shaken in steps, at several sizes.
duplicates: copies compressed, resized, cropped, turned and brightened; found and wrongly joined.
outliers: 12 pictures of `--others` among 300 of `--photos`, five times over; found and wrongly called so.
Your photos are only read.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import near_duplicates, outliers, spoiled

PARTS = ("spoiled", "duplicates", "outliers")


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.verdicts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all where none is named")
    parser.add_argument("--photos", type=Path, required=True, help="folder with photos, for outliers of one kind")
    parser.add_argument("--others", type=Path, help="folder with pictures of other things; outliers are left out else")
    parser.add_argument("--count", type=int, default=200, help="photos to spoil and to copy (default 200)")
    parser.add_argument(
        "--short_sides", type=int, nargs="+", default=[192, 384, 1536], metavar="PIXELS",
        help="sizes photos are spoiled at, 0 for their own (default 192 384 1536)",
    )  # fmt: skip
    parser.add_argument("--times", type=int, default=5, help="how often outliers are mixed in (default 5)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = command_line()
    options = parser.parse_args(argv)
    parts = options.parts or [part for part in PARTS if part != "outliers" or options.others]
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}: name some of {', '.join(PARTS)}")
    if "outliers" in parts and options.others is None:
        parser.error("outliers need --others: a folder with pictures of other things")
    if "spoiled" in parts:
        spoiled.measure(options.photos, options.count, options.short_sides)
    if "duplicates" in parts:
        near_duplicates.measure(options.photos, options.count)
    if "outliers" in parts:
        outliers.measure(options.photos, options.others, options.times)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
