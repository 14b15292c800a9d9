"""What the ranks of a test need, imported once, before they are forked."""

from __future__ import annotations

from prismh_engine.models.simclr import SimCLRModel

SimCLRModel("resnet18")
SimCLRModel("efficientnet_lite0")
