"""The supervised contrastive loss, and how photos with a label and photos without one are learned from together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn import functional

from ...errors import BadValueError
from .loss import NTXentLoss, both_views, check_temperature, count_of_each_rank, rows_of_all_ranks, sum_of_log_sums

NO_LABEL = -1


class SupConLoss(nn.Module):
    """Supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, section 3.2, equation 2: L_out).

    `(z_i [N, d], z_j [N, d], labels int64 [N]) -> scalar`: projections of the two views of N photos, of any length, and
    the label of each, 0, 1, ..., or -1 where a photo has none. Each of the 2N views has to tell the views of its label
    (of a photo without one: its other view alone) from all others; without any label this is NT-Xent, and of no photo
    at all it is 0. Computed in float32 (float64 stays float64), in memory that grows with N, not its square.
    Differentiable once. labels may stay on the CPU, where reading them makes nobody wait for a GPU.

    temperature: > 0. Under `torch.distributed` its value and gradients are shared as those of `NTXentLoss` are.

    Raises `BadValueError` for a temperature that is not above 0 and, when called, for shapes that do not fit.

    Example:
        >>> criterion = SupConLoss(temperature=0.2)
        >>> labels = torch.tensor([0, 0, 1, -1])
        >>> criterion(z_i, z_j, labels).backward()
    """

    def __init__(self, temperature: float = 0.5) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def forward(self, z_i: Tensor, z_j: Tensor, labels: Tensor) -> Tensor:
        views = both_views(z_i, z_j)
        if labels.shape != z_i.shape[:1]:
            raise BadValueError(f"labels must be [N] with N = {len(z_i)}, got {list(labels.shape)}")
        counts, rank = [len(views)], 0
        if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
            counts, rank = count_of_each_rank(views), dist.get_rank()
        if not sum(counts):
            return views.sum()

        def of_all_ranks(rows: Tensor) -> Tensor:
            return rows if len(counts) == 1 else rows_of_all_ranks(rows, counts)

        with torch.autocast(views.device.type, enabled=False):
            labels = labels.repeat(2).to(views.device)
            everyone = of_all_ranks(views.detach())
            log_sums = sum_of_log_sums(views, everyone, sum(counts[:rank]), self.temperature, of_all_ranks)
            positives = _mean_positives(views.detach(), labels, everyone, of_all_ranks(labels))
            likeness = (views * positives).sum() / self.temperature
            # A pair counts for both of its views, and so twice in the gradient: once by the other one's sum.
            own = log_sums - (2 * likeness - likeness.detach())
            return own * (len(counts) / sum(counts))


class TaughtLoss(nn.Module):
    """Photos without labels and photos with one: `(z_i [N, d], z_j [N, d], labels int64 [N]) -> scalar`.

    (1 - weight) x NT-Xent of all photos + weight x the supervised contrastive loss of those with a label among
    themselves (Vaze et al. 2022, arXiv 2201.02609, section 3.1, equation 3): what photos without a label show is
    unknown, so that nothing is told from them by name. labels: as of `SupConLoss`. weight: 0 to 1.
    """

    def __init__(self, temperature: float, weight: float) -> None:
        super().__init__()
        self._of_views = NTXentLoss(temperature)
        self._of_labels = SupConLoss(temperature)
        self._weight = weight

    def forward(self, z_i: Tensor, z_j: Tensor, labels: Tensor) -> Tensor:
        labelled = torch.nonzero(labels != NO_LABEL)[:, 0]
        places = labelled.to(z_i.device)
        of_views = self._of_views(z_i, z_j)
        of_labels: Tensor = self._of_labels(z_i[places], z_j[places], labels[labelled])
        return (1 - self._weight) * of_views + self._weight * of_labels


def _mean_positives(views: Tensor, labels: Tensor, everyone: Tensor, labels_of_everyone: Tensor) -> Tensor:
    """The mean of the views each view [2n, d] has to be like, [2n, d]."""
    first, second = views.chunk(2)
    partners = torch.cat([second, first])
    # A product with the members of each label: its sum is the same each time, also on a GPU.
    members = functional.one_hot(labels_of_everyone + 1).to(everyone.dtype)
    sums, sizes = members.T @ everyone, members.sum(dim=0)
    same_label = (sums[labels + 1] - views) / (sizes[labels + 1, None] - 1)
    return torch.where(labels[:, None] == NO_LABEL, partners, same_label)
