from __future__ import annotations

import torch

from prismh_engine.models.pixels import normalize


def test_black_and_white_are_normalized_as_imagenet() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 5, 4, 3)
    made = normalize(pixels)
    assert made.shape == (2, 3, 5, 4)
    assert made.is_contiguous(memory_format=torch.channels_last)
    black, white = made[:, :, 2, 3]
    torch.testing.assert_close(black, torch.tensor([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]))
    torch.testing.assert_close(white, torch.tensor([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]))
