"""NT-Xent, the contrastive loss of SimCLR."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import BadValueError


def nt_xent(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    """Normalized temperature-scaled cross entropy of two views, a scalar (Chen et al. 2020, section 2.1, equation 1).

    z_i, z_j: [N, d], projections of the two views of the same N >= 2 photos, of any length; they are scaled to unit
    length here. Each of the 2N views has to tell its partner from the 2N - 2 views of other photos. Computed in
    float32 (float64 stays float64), whatever the inputs' precision.
    Raises `BadValueError` for fewer than two photos or shapes that differ.
    """
    if z_i.ndim != 2 or z_i.shape != z_j.shape or len(z_i) < 2:
        raise BadValueError(f"z_i and z_j must both be [N, d] with N >= 2, got {list(z_i.shape)} and {list(z_j.shape)}")
    with torch.autocast(z_i.device.type, enabled=False):
        z = torch.cat([z_i, z_j])
        z = functional.normalize(z.to(torch.promote_types(z.dtype, torch.float32)), dim=1)
        first, second = z.chunk(2)
        positives = (first * second).sum(dim=1) / temperature
        similarities = (z / temperature) @ z.T
        similarities.fill_diagonal_(-torch.inf)
        return similarities.logsumexp(dim=1).mean() - positives.mean()


class NTXentLoss(nn.Module):
    """`nt_xent` as a module: `(z_i [N, d], z_j [N, d]) -> scalar`, any N >= 2.

    temperature: > 0. batch_size: for callers of older interfaces; it never limits N.
    Raises `BadValueError` for a temperature that is not above 0.

    Example:
        >>> criterion = NTXentLoss(temperature=0.5)
        >>> _, z_i = model(first_views)
        >>> _, z_j = model(second_views)
        >>> criterion(z_i, z_j).backward()
    """

    def __init__(self, temperature: float = 0.5, batch_size: int | None = None) -> None:
        super().__init__()
        if not temperature > 0:
            raise BadValueError(f"temperature must be > 0, got {temperature}")
        self.temperature = temperature
        self.batch_size = batch_size

    def forward(self, z_i: Tensor, z_j: Tensor) -> Tensor:
        return nt_xent(z_i, z_j, self.temperature)
