from __future__ import annotations

import subprocess
import sys

import pytest

from prismh_engine.models.simclr.settings import TrainSettings, settle
from prismh_engine.settings import resolve


def settled(**flags: object) -> TrainSettings:
    return settle(resolve(TrainSettings, flags, environment={})).settings


def test_without_a_preset_every_value_is_the_published_one() -> None:
    settings = settled()
    assert (settings.base_model, settings.start_weights, settings.epochs, settings.batch_size) == (
        "resnet50", "none", 100, 32,
    )  # fmt: skip
    assert (settings.learning_rate, settings.temperature, settings.weight_decay) == (1e-3, 0.5, 1e-4)
    assert (settings.optimizer, settings.schedule, settings.image_size) == ("adam", "cosine", 224)


@pytest.mark.parametrize("preset", ["quick", "standard", "thorough", "names"])
def test_presets_start_from_the_starter(preset: str) -> None:
    settings = settled(preset=preset, labels="project")
    assert (settings.base_model, settings.start_weights) == ("efficientnet_lite0", "starter")


def test_one_preset_starts_from_nothing() -> None:
    settings = settled(preset="scratch")
    assert settings.start_weights == "none"
    assert not settings.freeze_bn
    assert not settings.freeze_blocks


def test_the_preset_for_names_asks_for_them() -> None:
    with pytest.raises(ValueError, match="--preset names learns from names: give --labels"):
        settled(preset="names")


def test_a_flag_stands_over_its_preset() -> None:
    assert settled(preset="quick", epochs="3").epochs == 3


def test_starter_weights_bring_their_encoder() -> None:
    assert settled(weights="starter").base_model == "efficientnet_lite0"


@pytest.mark.parametrize("flags", [{"weights": "starter"}, {"preset": "quick"}])
def test_starter_weights_beside_another_encoder_are_refused_with_both_named(flags: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"starter.*efficientnet_lite0.*resnet18"):
        settled(base_model="resnet18", **flags)


def test_pretrained_means_imagenet() -> None:
    assert settled(pretrained=True).start_weights == "imagenet"
    assert settled(preset="quick", pretrained=True).start_weights == "imagenet"
    with pytest.raises(ValueError, match=r"--pretrained.*--weights none"):
        settled(pretrained=True, weights="none")


def test_settings_help_and_the_job_are_had_without_torch() -> None:
    code = (
        "import sys, prismh_engine.models.simclr as s; s.TrainSettings; s.train; s.TrainReport; s.probe\n"
        "assert s.main(['--help']) == 0\n"
        "assert not {'torch', 'torchvision', 'timm', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--checkpoint_minutes" in done.stdout
