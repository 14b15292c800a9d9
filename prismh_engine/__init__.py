"""Everything of Prism-H that computes: photos in, maps, groups and tables out. Knows nothing of a window."""

from .version import __version__

__all__ = ["__version__"]
