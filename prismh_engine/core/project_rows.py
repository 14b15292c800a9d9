"""What a project knows of a photo, from all its parts, as the row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..project import FeatureSet, Photo, Project
from ..project.own_columns import OwnColumn
from .export_table import Location


class ProjectRows:
    """Read once, then asked photo by photo.

    features: whose map and groups are meant; None for the newest run's, else the starter's. own: columns of a team's
    own that are asked for. Raises `PrismhError` where there are no features of this name.
    """

    def __init__(
        self, project: Project, features: str | None = None, own: Mapping[str, OwnColumn] | None = None
    ) -> None:
        self.features: FeatureSet | None = None
        if features is not None:
            self.features = project.features.get(features)
        elif project.features.all():
            self.features = project.features.newest()
        made = None if self.features is None else project.maps.newest(self.features)
        self._positions = {} if made is None else dict(zip(made.photo_ids.tolist(), made.positions, strict=True))
        grouping = None if self.features is None else project.groupings.newest(self.features)
        self._clusters: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._names: dict[int, str] = {}
        if grouping is not None:
            self._clusters = dict(zip(grouping.photo_ids.tolist(), grouping.clusters.tolist(), strict=True))
            self._numbers = dict(enumerate(grouping.numbers))
            self._names = project.labels.of_groups(grouping.members())
        self._labels = project.labels.given()
        self._own = {
            name: dict(zip(column.photo_ids, column.numbers() or column.texts, strict=True))
            for name, column in (own or {}).items()
        }

    def names(self, photo_id: int) -> Sequence[str]:
        """Every name a person gave to the photo, itself or with its group."""
        return self._labels.get(photo_id, ())

    def row(self, photo: Photo, columns: Sequence[str], location: Location) -> list[Any]:
        """What stands in these columns, None where it is unknown."""
        look, cluster = photo.look, self._clusters.get(photo.id)
        latitude, longitude = location.of(look.latitude, look.longitude)
        position = self._positions.get(photo.id)
        # As few digits as bring the same float32 back, in every format.
        x, y = (None, None) if position is None else (float(str(value)) for value in position)
        values = {
            "file_path": photo.file_path, "taken_at": look.taken_at, "latitude": latitude, "longitude": longitude,
            "cluster": None if cluster is None else self._numbers.get(cluster, cluster),
            "cluster_name": None if cluster is None else self._names.get(cluster),
            "label": "; ".join(self.names(photo.id)) or None, "x": x, "y": y, "brightness": look.brightness,
            "contrast": look.contrast, "sharpness": look.sharpness, "camera": look.camera,
        }  # fmt: skip
        return [self._own[name].get(photo.id) if name in self._own else values[name] for name in columns]
