"""Everything of Prism-H that computes: photos in, maps, groups and tables out. Knows nothing of a window."""

import os

from .version import __version__

__all__ = ["__version__"]

# ONNX Runtime's builds report to their maker from their first second on, unless this is set before they are imported;
# its call to turn that off comes too late. Set here, for this process and those it starts.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
