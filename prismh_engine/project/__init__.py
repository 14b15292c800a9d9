"""The project folder and its SQLite catalogue."""

from .feature_sets import FeatureSet, FeatureSets
from .groupings import Grouping, Groupings
from .history import History
from .labels import Label, Labels
from .maps import Map, Maps
from .photo_catalogue import Photo, PhotoCatalogue
from .project import Folder, Project
from .runs import Run, Runs

__all__ = [
    "FeatureSet", "FeatureSets", "Folder", "Grouping", "Groupings", "History", "Label", "Labels", "Map", "Maps",
    "Photo", "PhotoCatalogue", "Project", "Run", "Runs",
]  # fmt: skip
