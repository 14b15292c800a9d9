"""What a training takes is told before it begins, and what does not fit is lowered or named."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from torch import nn

from prismh_engine.errors import BadValueError
from prismh_engine.models.simclr import SimCLRModel
from prismh_engine.models.simclr.memory import Fit, Footprint, fit, free, measure
from prismh_engine.models.simclr.network import FrozenFirst

_TRAIN = """
import copy
import torch
from prismh_engine.models.simclr import SimCLRModel, nt_xent
from prismh_engine.models.simclr.memory import measure

torch.set_num_threads(1)
PHOTOS, SIZE = 32, 96
model = SimCLRModel("resnet18").to(memory_format=torch.channels_last)
footprint = measure(model, image_size=SIZE, optimizer="adam", precision="off", device=torch.device("cpu"))
optimizer = torch.optim.Adam(model.parameters())
ahead = [torch.ones(2 * PHOTOS, 3, SIZE, SIZE, dtype=torch.uint8) for _ in range(3)]
for _ in range(2):
    snapshot = None
    optimizer.zero_grad(set_to_none=True)
    _, projections = model(torch.zeros(2 * PHOTOS, 3, SIZE, SIZE).contiguous(memory_format=torch.channels_last))
    nt_xent(*projections.chunk(2), 0.5).backward()
    optimizer.step()
    snapshot = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
# Not ru_maxrss: a child begins with the peak of its parent, which ran every test before.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(footprint.process, footprint.peak(PHOTOS, PHOTOS), peak)
"""

CPU = torch.device("cpu")
MB = 10**6
# Half a gigabyte of process, then 100 MB a photo: a batch of 32 takes 3,400 MB more.
FOOTPRINT = Footprint(process=500 * MB, fixed=200 * MB, a_photo=99 * MB, a_waiting_photo=MB)


def fitted(free_mb: int, *, photos: int = 32, photos_at_once: int = 32, learns_batch_norm: bool = False) -> Fit:
    return fit(
        FOOTPRINT,
        free_mb * MB,
        batch_photos=photos,
        photos_at_once=photos_at_once,
        learns_batch_norm=learns_batch_norm,
    )


def test_a_network_that_was_measured_goes_with_its_last_user() -> None:
    """A window learns many times in one process; each network that stayed took a hundred megabytes for good."""
    network = SimCLRModel("resnet18")
    kept = [weakref.ref(tensor) for tensor in network.parameters()]
    measure(network, image_size=32, optimizer="adam", precision="off", device=CPU)
    del network
    gc.collect()
    assert not [tensor for tensor in kept if tensor() is not None]


@pytest.mark.parametrize("learns_batch_norm", [True, False])
def test_what_fits_is_left_as_it_is_and_nothing_is_said(learns_batch_norm: bool) -> None:
    assert fitted(4_100, learns_batch_norm=learns_batch_norm) == Fit(32)


def test_what_does_not_fit_is_computed_in_parts_of_equal_size_and_said() -> None:
    found = fitted(3_000)
    assert found.photos_at_once == 11
    assert found.note == (
        "Learning from 32 photos at once takes about 3.4 GB more memory, and 3.0 GB are free: it is computed 11 photos "
        "at a time, which takes longer and learns the same."
    )
    assert fitted(1_000).photos_at_once == 4  # a part costs half as much again as as many photos alone


def test_where_batch_norm_learns_it_is_said_what_parts_mean_for_it() -> None:
    found = fitted(3_000, learns_batch_norm=True)
    assert found.photos_at_once == 11
    assert "The loss compares all photos of a batch as before; batch norm takes its statistics from 11" in found.note


@pytest.mark.parametrize("learns_batch_norm", [True, False])
def test_where_nothing_fits_it_goes_on_two_by_two_and_says_so(learns_batch_norm: bool) -> None:
    found = fitted(250, learns_batch_norm=learns_batch_norm)
    assert found.photos_at_once == 2
    assert "the system may end it. --preset quick or a smaller --image_size takes less memory" in found.note


def test_where_nothing_can_be_cut_only_the_danger_is_said() -> None:
    found = fitted(250, photos=2, photos_at_once=2, learns_batch_norm=True)
    assert found.photos_at_once == 2
    assert "at a time" not in found.note
    assert found.note.startswith(
        "Learning from 2 photos at once takes about 0.4 GB more memory, and 0.2 GB are free: learning may become"
    )


def test_batches_joined_into_one_step_cost_their_waiting_views_alone() -> None:
    assert fitted(4_200, photos=128) == Fit(32)
    assert fitted(4_100, photos=128).photos_at_once == 16


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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count a process's memory otherwise")
def test_a_real_training_takes_at_its_peak_what_was_told_before() -> None:
    told = subprocess.run([sys.executable, "-c", _TRAIN], capture_output=True, text=True, check=True)
    process, estimate, peak = (int(number) for number in told.stdout.split())
    peak *= 1024
    # Allocators and numbers of threads differ between machines by more than the estimate errs on one of them.
    assert estimate == pytest.approx(peak, rel=0.3)
    assert 0.5 < (estimate - process) / (peak - process) < 2  # without what any such program takes


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
