"""The formats that the Export page offers: what they are called, who opens them, how large a file becomes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from ..export_choices import FOLDERS

# What a row takes without features, a feature beside its digits, each digit, each feature once, a file without rows;
# measured.
_BYTES = {
    ".csv": (110, 1.0, 1.0, 0, 0), ".parquet": (42, 4.1, 0.0, 155, 0), ".npz": (41, 4.0, 0.0, 0, 0),
    ".geojson": (350, 18.0, 1.0, 0, 0), ".gpkg": (210, 2.3, 0.64, 0, 36_000),
}  # fmt: skip


@dataclass(frozen=True)
class Format:
    """name: a suffix, or `FOLDERS`. chip: what its chip says. why: who opens it. files: what the file dialog calls
    them, "" for folders.
    """

    name: str
    chip: str
    why: str
    files: str

    @property
    def key(self) -> str:
        """The name of its chip."""
        return self.name.removeprefix(".")


def formats() -> dict[str, Format]:
    """All by their name, in the order of their chips."""
    return {
        one.name: one
        for one in (
            Format(
                ".csv", _tr("CSV"),
                _tr("One row for each photo. Opens in Excel, LibreOffice, R, pandas and QGIS."), _tr("Tables"),
            ),
            Format(
                ".parquet", _tr("Parquet"),
                _tr("One row for each photo, small and quick to read. Opens in pandas, polars, R and DuckDB."),
                _tr("Parquet tables"),
            ),
            Format(
                ".npz", _tr("NumPy (npz)"),
                _tr("An array for each column. Opens in Python with numpy.load; other commands here take it too."),
                _tr("NumPy arrays"),
            ),
            Format(
                ".geojson", _tr("GeoJSON"),
                _tr("A point for each photo. Opens in QGIS, ArcGIS and maps on web pages."), _tr("GeoJSON maps"),
            ),
            Format(
                ".gpkg", _tr("GeoPackage"),
                _tr("A point for each photo. Opens in QGIS, ArcGIS and R; the best one for maps of many photos."),
                _tr("GeoPackage maps"),
            ),
            Format(
                FOLDERS, _tr("Photos into folders"),
                _tr("Copies of the photos you choose, in a folder for each name. Any program opens them."), "",
            ),
        )
    }  # fmt: skip


def estimated_bytes(suffix: str, photos: int, features: int, digits: float) -> float:
    """About how large a table becomes. features: columns of them; digits: that each takes as text, on average."""
    a_row, a_feature, a_digit, once, file = _BYTES[suffix]
    return photos * (a_row + features * (a_feature + a_digit * digits)) + features * once + file


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExportPage", text)
