"""The exported table as GeoJSON (RFC 7946), for QGIS and maps on web pages."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..files import write_whole
from .export_table import Block, ExportTable
from .feature_text import feature_text


def write_geojson(output: Path, table: ExportTable) -> Generator[int, None, None]:
    """Write a table whole or not at all; gives how many rows there are so far.

    Each photo is a point with every column as a property, null where it is unknown; a photo without a position, or
    whose position is left out, has no geometry.
    """
    leads = [f', "{name}": ' for name in table.feature_names()]
    unknown = "".join(f"{lead}null" for lead in leads)
    done = 0
    with write_whole(output, "w", encoding="utf-8", newline="\n") as stream:
        stream.write('{"type": "FeatureCollection", "features": [')
        for block in table.blocks:
            for line in _points(block, table.columns, leads, unknown):
                stream.write(("," if done else "") + "\n" + line)
                done += 1
            yield done
        stream.write("\n]}\n")


def _points(block: Block, columns: Sequence[str], leads: Sequence[str], unknown: str) -> Iterator[str]:
    texts = iter(feature_text(block.embeddings[block.known], leads))
    for row, known in zip(block.rows, block.known.tolist(), strict=True):
        values = dict(zip(columns, row, strict=True))
        features = next(texts) if known else unknown
        yield (
            f'{{"type": "Feature", "geometry": {_json(_geometry(values))}, '
            f'"properties": {_json(values)[:-1]}{features}}}}}'
        )


def _geometry(values: dict[str, Any]) -> dict[str, Any] | None:
    """The point of a photo whose position is known, else None."""
    latitude, longitude = values.get("latitude"), values.get("longitude")
    if latitude is None or longitude is None:
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
