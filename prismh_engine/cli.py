"""`prismh-engine STEP ...`: finds a step's module and hands it its arguments."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

from .command import DONE, INTERRUPTED, WRONG_USAGE
from .photos.frozen_child import be_the_child
from .version import __version__

# Step -> its module, whose `main(argv)` runs it, and what it does.
STEPS = {
    "preprocess": ("core.preprocess", "find broken, repeated, dark and blurred photos and set them aside"),
    "import": ("core.import_metadata", "take times, places and labels of a project's photos from a table"),
    "train": ("models.simclr.command", "learn an encoder from photos without labels (SimCLR)"),
    "extract": ("core.extract_embeddings", "turn photos into embeddings"),
    "map": ("core.map_embeddings", "lay photos out on a map of look-alikes"),
    "cluster": ("core.cluster_embeddings", "group photos that look alike"),
    "classify": ("models.classify", "label all photos by the few that have a label"),
    "evaluate": ("core.evaluate", "measure how well embeddings tell known classes apart"),
    "export": ("core.export_features", "write one row a photo: place, time, group, name, features"),
    "benchmark": ("benchmarks.command", "measure how fast the engine is on this machine"),
    "demo": ("demo", "run the whole chain on photos it draws"),
    "info": ("info", "show versions, devices and folders in use"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one step and return its exit code; only that step's module is imported."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if be_the_child(arguments):
        return DONE
    if not arguments:
        print(_usage(), file=sys.stderr)
        return WRONG_USAGE
    step, *rest = arguments
    if step in ("-h", "--help"):
        print(_usage())
        return DONE
    if step == "--version":
        print(f"prismh-engine {__version__}")
        return DONE
    if step not in STEPS:
        near = difflib.get_close_matches(step, STEPS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"There is no step {step!r}.{hint} prismh-engine --help lists them.", file=sys.stderr)
        return WRONG_USAGE
    try:
        exit_code: int = importlib.import_module(f".{STEPS[step][0]}", __package__).main(rest)
    except KeyboardInterrupt:  # before the step itself listens for it
        return INTERRUPTED
    return exit_code


def _usage() -> str:
    steps = "\n".join(f"  {name:<12}{what}" for name, (_, what) in STEPS.items())
    return (
        "usage: prismh-engine STEP [FLAGS]\n\n"
        f"From a folder of photos to a table of features, step by step:\n{steps}\n\n"
        "prismh-engine STEP --help explains a step; prismh-engine --version tells the version."
    )


if __name__ == "__main__":
    raise SystemExit(main())
