"""What a person chooses on the Export page, kept by the project until the next time. No Qt in here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FOLDERS = "folders"
"""In place of a suffix: photos are copied into folders."""

SUFFIXES = (".csv", ".parquet", ".npz", ".geojson", ".gpkg")
FOR_MAPS = (".geojson", ".gpkg")
KILOMETRE_DECIMALS = 2

FILE, TAKEN, LOCATION, GROUP, LABEL = "file", "taken", "location", "group", "label"
MAP_POSITION, FEATURES, MEASURES, CAMERA = "map_position", "features", "measures", "camera"

COLUMNS = {
    FILE: ("file_path",), TAKEN: ("taken_at",), LOCATION: ("latitude", "longitude"),
    GROUP: ("cluster", "cluster_name"), LABEL: ("label",), MAP_POSITION: ("x", "y"),
    MEASURES: ("brightness", "contrast", "sharpness"), CAMERA: ("camera",), FEATURES: (),
}  # fmt: skip
"""What a tick stands for, in the order of the table; columns of a team's own follow, and the features all of them."""

_UNNAMED = ""


@dataclass(frozen=True)
class ExportChoices:
    """format: a suffix, or `FOLDERS`. ticked: of `COLUMNS` those wanted in a table; own: of a team's own columns those
    wanted, also while they are undone. features_on_maps: whether features stand in a file for maps, where a thousand
    columns a point are a burden. rounded: whether positions are. file: where the last table went, folder: where the
    last copies went, "" before. not_copied: names whose photos are not wanted in folders, "" for photos without a name.
    place_in_copies: whether copies tell where they were taken.
    """

    format: str = ".csv"
    ticked: frozenset[str] = frozenset(COLUMNS) - {MEASURES, CAMERA}
    own: frozenset[str] = frozenset()
    features_on_maps: bool = False
    rounded: bool = False
    file: str = ""
    folder: str = ""
    not_copied: frozenset[str] = frozenset({_UNNAMED})
    place_in_copies: bool = True

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> ExportChoices:
        """The choices of `as_values`; what is missing or of another version stays as it is in the beginning."""
        known: dict[str, Any] = {}
        if values.get("format") in (*SUFFIXES, FOLDERS):
            known["format"] = values["format"]
        for name in ("features_on_maps", "rounded", "place_in_copies"):
            if isinstance(values.get(name), bool):
                known[name] = values[name]
        for name in ("file", "folder"):
            if isinstance(values.get(name), str):
                known[name] = values[name]
        if isinstance(values.get("ticked"), list):
            known["ticked"] = frozenset(values["ticked"]) & frozenset(COLUMNS) | {FILE}
        for name in ("own", "not_copied"):
            if isinstance(values.get(name), list):
                known[name] = frozenset(str(value) for value in values[name])
        return cls(**known)

    def as_values(self) -> dict[str, Any]:
        """In values that JSON knows."""
        values = dataclasses.asdict(self)
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}

    def wanted(self) -> frozenset[str]:
        """Of `COLUMNS` those wanted in the format that is chosen."""
        if self.format not in FOR_MAPS:
            return self.ticked
        return self.ticked | {FEATURES} if self.features_on_maps else self.ticked - {FEATURES}

    def with_wanted(self, wanted: frozenset[str]) -> ExportChoices:
        """These columns are wanted in the format that is chosen."""
        if self.format not in FOR_MAPS:
            return dataclasses.replace(self, ticked=wanted)
        ticked = wanted - {FEATURES} | (self.ticked & {FEATURES})
        return dataclasses.replace(self, ticked=ticked, features_on_maps=FEATURES in wanted)

    def columns(self, own: Iterable[str]) -> list[str]:
        """The columns wanted, without the features, in the order of the table. own: those of a team's own there are."""
        ticked = [column for name, columns in COLUMNS.items() if name in self.ticked for column in columns]
        return [*ticked, *(name for name in own if name in self.own)]

    def place(self, degrees: str) -> str:
        """A latitude or longitude as it will stand in the file."""
        return str(round(float(degrees), KILOMETRE_DECIMALS)) if degrees and self.rounded else degrees
