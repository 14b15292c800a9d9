"""What a training takes is told before it begins, and what does not fit is lowered or named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from prismh_engine.errors import BadValueError
from prismh_engine.models.simclr import SimCLRModel
from prismh_engine.models.simclr.memory import Fit, Footprint, fit, free, measure
from prismh_engine.models.simclr.network import FrozenFirst

CPU = torch.device("cpu")
MB = 10**6
# Half a gigabyte of process, then 100 MB a photo: a batch of 32 takes 3,400 MB more.
FOOTPRINT = Footprint(process=500 * MB, fixed=200 * MB, a_photo=99 * MB, a_waiting_photo=MB)


def fitted(free_mb: int, *, batch_size: int = 32, given: bool = False, divisible: bool = False, ranks: int = 1) -> Fit:
    return fit(FOOTPRINT, free_mb * MB, batch_size=batch_size, given=given, divisible=divisible, ranks=ranks)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("divisible", [True, False])
def test_what_fits_is_left_as_it_is_and_nothing_is_said(given: bool, divisible: bool) -> None:
    assert fitted(4_100, given=given, divisible=divisible) == Fit(32, 32)


def test_with_batch_norm_frozen_a_batch_is_computed_in_parts_of_equal_size_and_stays_as_large() -> None:
    found = fitted(3_000, divisible=True)
    assert (found.photos_at_once, found.batch_size) == (16, 32)
    assert found.note == (
        "Learning from 32 photos at once takes about 3.4 GB more memory, and 3.0 GB are free: it is computed 16 photos "
        "at a time, which takes longer and learns the same."
    )
    assert fitted(1_000, divisible=True).photos_at_once == 6  # of 6.24 that fit: 32 in six parts
    assert fitted(3_000, divisible=True, given=True) == found


def test_with_batch_norm_that_learns_a_batch_nobody_asked_for_is_lowered_to_what_fits() -> None:
    found = fitted(3_000)
    assert (found.photos_at_once, found.batch_size) == (22, 22)  # 200 + 22 x 100 <= .85 x 3,000
    assert found.note.endswith(": the batch is lowered from 32 to 22 photos.")
    few = fitted(1_000)
    assert few.batch_size == 6
    assert "From so few at a time little is learned. --preset quick" in few.note


def test_a_batch_that_was_asked_for_stays_and_what_may_happen_is_said() -> None:
    found = fitted(3_000, given=True)
    assert (found.photos_at_once, found.batch_size) == (32, 32)
    assert (
        "learning may become very slow, or the system may end it. --batch_size 22 fits; with --freeze_bn" in found.note
    )


@pytest.mark.parametrize("divisible", [True, False])
def test_where_nothing_fits_it_goes_on_and_says_so(divisible: bool) -> None:
    found = fitted(250, divisible=divisible)
    assert found.batch_size == 32
    assert "the system may end it. --preset quick or a smaller --image_size takes less memory" in found.note


def test_each_rank_takes_its_share_of_the_batch_alone() -> None:
    assert fitted(2_200, ranks=2) == Fit(16, 32)
    lower = fitted(1_000, ranks=2)
    assert (lower.photos_at_once, lower.batch_size) == (6, 12)


def test_batches_joined_into_one_step_cost_their_waiting_views_alone() -> None:
    several = {"batch_size": 32, "given": False, "divisible": True}
    assert fit(FOOTPRINT, 4_200 * MB, accumulation_steps=4, **several) == Fit(32, 32)
    assert fit(FOOTPRINT, 4_100 * MB, accumulation_steps=4, **several).photos_at_once == 16


def test_layers_that_do_not_learn_cost_no_more_however_many_photos_there_are() -> None:
    footprint = Footprint(0, 0, a_photo=10, a_waiting_photo=0, a_frozen_view=100, frozen_at_once=8)
    assert [footprint.peak(photos, photos) for photos in (1, 4, 32)] == [210, 840, 1_120]


class Plain(nn.Module):
    """A layer whose output batch norm keeps, and that batch norm's output, which the projection keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm, self.out = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1)

    def forward(self, views: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.norm(self.layer(views))
        return features, self.out(features)


def test_a_photo_costs_what_the_backward_pass_needs_of_it() -> None:
    network = Plain()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    footprint = measure(network, image_size=64, optimizer="adam", precision="off", device=CPU)
    views, layer = 2 * 3 * 64 * 64 * 4, 2 * 8 * 64 * 64 * 4
    assert footprint.a_photo == pytest.approx(1.07 * (views + 2 * layer) + 2 * layer + views, abs=2)
    weights = sum(parameter.nbytes for parameter in network.parameters())
    buffers = sum(buffer.nbytes for buffer in network.buffers())
    # Gradients, two states of Adam, and a snapshot of weights, statistics and states.
    assert footprint.fixed == pytest.approx(6 * weights + buffers, abs=200)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_frozen_blocks_keep_nothing_for_the_backward_pass() -> None:
    model = SimCLRModel("efficientnet_lite0")
    at = {"image_size": 64, "optimizer": "adamw", "precision": "off", "device": CPU}
    whole = measure(model, **at)
    model.freeze(11, batch_norm=True)
    part = measure(FrozenFirst(model, 11), **at)
    assert part.a_photo < 0.3 * whole.a_photo
    assert whole.a_frozen_view == 0
    assert part.a_frozen_view == 3 * 96 * 32 * 32 * 4  # the widest layer before, as input, output and once more


def test_an_optimizer_with_one_state_takes_less_than_one_with_two() -> None:
    model, weights = Plain(), sum(parameter.nbytes for parameter in Plain().parameters())
    at = {"image_size": 32, "precision": "off", "device": CPU}
    adam, sgd = (measure(model, optimizer=name, **at).fixed for name in ("adam", "sgd"))
    assert adam - sgd == 2 * weights
    with pytest.raises(BadValueError, match="optimizer must be one of adam, adamw, sgd, lars, got 'none'"):
        measure(model, optimizer="none", **at)


def container(folder: Path, *, limit: str, used: int, files: int) -> None:
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text(limit + "\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon {used - files}\ninactive_file {files}\nactive_file 0\n")


def test_what_is_free_is_what_the_container_leaves(tmp_path: Path) -> None:
    whole = free(CPU, tmp_path)  # no container
    assert whole > 0
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/outer/inner\n")
    groups = tmp_path / "sys/fs/cgroup"
    container(groups / "outer", limit=str(5 * MB), used=4 * MB, files=MB)
    container(groups / "outer/inner", limit="max", used=MB, files=0)
    assert free(CPU, tmp_path) == 2 * MB  # the outer one's limit, less what it uses beside files it can drop


def test_an_older_kind_of_container_is_seen_too(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:cpu,cpuacct:/a\n3:memory:/docker/0123\n")
    group = tmp_path / "sys/fs/cgroup/memory"  # as a container sees it: its own limit at the root
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text(str(3 * MB))
    (group / "memory.usage_in_bytes").write_text(str(MB))
    (group / "memory.stat").write_text("total_inactive_file 0\n")
    assert free(CPU, tmp_path) == 2 * MB
