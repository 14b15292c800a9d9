"""The exported table as a GeoPackage (OGC 12-128r18, version 1.3), for QGIS, ArcGIS and everything that reads GDAL."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timezone
from errno import ENOSPC
from pathlib import Path
from typing import Any

from ..errors import PrismhError
from ..files import cannot_write, place_whole
from .export_table import REAL, TEXT, WHOLE, Block, ExportTable, in_utc

TABLE = "photos"
FEATURES_A_TABLE = 1900  # SQLite takes 2,000 columns

_APPLICATION_ID, _VERSION = 0x47504B47, 10300
_WGS_84 = 4326
_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT
);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);
"""
_WGS_84_TEXT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],'
    'AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", _WGS_84, "EPSG", _WGS_84, _WGS_84_TEXT, "longitude and latitude in degrees"),
)
_TYPES = {TEXT: "TEXT", WHOLE: "MEDIUMINT", REAL: "DOUBLE"}


def write_geopackage(output: Path, table: ExportTable) -> Generator[int, None, None]:
    """Write a table whole or not at all; gives how many rows there are so far.

    The table `photos` has a point for each photo (none where its position is unknown or left out) and every column.
    taken_at is a DATETIME where every moment that is known has its offset, since the standard has moments in UTC alone;
    else TEXT. Features past the 1,900th stand in further tables, `photos_2` and so on, which have the same `fid`.
    """
    try:
        with place_whole(output) as file, closing(sqlite3.connect(file, isolation_level=None)) as db:
            yield from _fill(db, table)
    except sqlite3.Error as error:
        if "full" in str(error):
            raise cannot_write(output, OSError(ENOSPC, str(error))) from error
        raise PrismhError(f"Cannot write {output}: {error}. What was there before is unchanged.") from error


def _fill(db: sqlite3.Connection, table: ExportTable) -> Generator[int, None, None]:
    # Nobody sees the file before it is whole, so that no journal is needed.
    db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("BEGIN")
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)
    inserts = _create_tables(db, table)
    done, corners = 0, []
    for block in table.blocks:
        positions = _positions(block, table.columns)
        if table.zoned and "taken_at" in table.columns:
            _into_utc(block, table.columns.index("taken_at"))
        for number, insert in enumerate(inserts):
            db.executemany(insert, _rows(block, positions, done + 1, number))
        done += len(block.rows)
        if there := [position for position in positions if position is not None]:
            corners += [tuple(map(min, zip(*there, strict=True))), tuple(map(max, zip(*there, strict=True)))]
        yield done
    if corners:
        db.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?",
            (*map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True)), TABLE),
        )
    db.execute("COMMIT")


def _create_tables(db: sqlite3.Connection, table: ExportTable) -> list[str]:
    """Make the tables; the statements that insert a row into each."""
    features = table.feature_names()
    inserts = []
    for number, start in enumerate(range(0, max(1, len(features)), FEATURES_A_TABLE)):
        name = f"{TABLE}_{number + 1}" if number else TABLE
        columns = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
        if not number:
            columns += ["geom POINT", *(f"{_quoted(name)} {_type(name, table)}" for name in table.columns)]
        columns += [f"{feature} FLOAT" for feature in features[start : start + FEATURES_A_TABLE]]
        db.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        about = "one row a photo" if not number else f"further features of the photos in {TABLE}, by fid"
        kind, system = ("features", _WGS_84) if not number else ("attributes", None)
        db.execute(
            "INSERT INTO gpkg_contents(table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (name, kind, name, about, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"), system),
        )
        inserts.append(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})")
    db.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POINT', ?, 0, 0)", (TABLE, _WGS_84))
    return inserts


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _type(column: str, table: ExportTable) -> str:
    return "DATETIME" if column == "taken_at" and table.zoned else _TYPES[table.kind(column)]


def _into_utc(block: Block, column: int) -> None:
    """Moments as the standard writes a DATETIME, 2024-05-01T08:11:12.000Z."""
    for row in block.rows:
        moment = in_utc(row[column] or "")
        row[column] = None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _positions(block: Block, columns: Sequence[str]) -> list[tuple[float, float] | None]:
    """(longitude, latitude) of each photo, None where it is unknown or left out."""
    if not {"longitude", "latitude"}.issubset(columns):
        return [None] * len(block.rows)
    x, y = columns.index("longitude"), columns.index("latitude")
    return [None if row[x] is None or row[y] is None else (row[x], row[y]) for row in block.rows]


def _rows(
    block: Block, positions: Sequence[tuple[float, float] | None], first: int, number: int
) -> Iterator[list[Any]]:
    """The rows of a block for the table of this number, one by one: all at once would hold up other threads."""
    start = number * FEATURES_A_TABLE
    embeddings = block.embeddings[:, start : start + FEATURES_A_TABLE]
    unknown = [None] * embeddings.shape[1]
    for place, known in enumerate(block.known.tolist()):
        row: list[Any] = [first + place]
        if not number:
            row += [_geometry(positions[place]), *block.rows[place]]
        yield row + (embeddings[place].tolist() if known else unknown)


def _geometry(position: tuple[float, float] | None) -> bytes | None:
    """A point as the standard's BLOB: its header (little-endian, without a box), then WKB."""
    if position is None:
        return None
    return struct.pack("<2sBBi", b"GP", 0, 1, _WGS_84) + struct.pack("<BIdd", 1, 1, *position)
