"""The views of many photos at once, on any device: what `apply_view` does to one photo on a CPU.

Crop and size are one product of matrices a direction, with weights of each photo's own; colours are changed with one
number a photo. Nothing here lets the program wait for the device.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..pixels import IMAGENET_MEAN, IMAGENET_STD
from .augmentation import View

_AT_ONCE = 64
"""Photos whose views are made together: enough to fill a GPU, and little of its memory."""

_GREY = (0.299, 0.587, 0.114)
_Photo = tuple[NDArray[np.uint8], tuple[View, View]]


class DeviceBatch:
    """A `Batch` whose photos travel to a GPU as bytes, beside the steps before it, and become views there."""

    def __init__(
        self, numbers: NDArray[np.int64], image_size: int, device: torch.device, sending: torch.cuda.Stream | None
    ) -> None:
        self.numbers = numbers
        self._image_size = image_size
        self._device = device
        self._sending = sending
        self._photos: list[_Photo | None] = [None] * len(numbers)
        self._views: list[tuple[View, View]] = []
        self._images = torch.empty((0, 1, 1, 3), dtype=torch.uint8, device=device)
        self._sent: torch.cuda.Event | None = None
        self._missing = len(numbers)
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        return len(self.numbers)

    def put(self, place: int, pixels: NDArray[np.uint8], views: tuple[View, View]) -> None:
        """Take the photo at this place of the batch, [H, W, 3]; the last one sends all of them. From any thread."""
        self._photos[place] = _cut(pixels, views)
        with self._lock:
            self._missing -= 1
            complete = not self._missing
        if complete:
            self._send()

    def views(self, start: int = 0, stop: int | None = None) -> Tensor:
        """As `Batch.views`."""
        if self._sent is not None:
            now = torch.cuda.current_stream(self._device)
            now.wait_event(self._sent)
            self._images.record_stream(now)
        images, views, size = self._images[start:stop], self._views[start:stop], self._image_size
        made = torch.empty((2, len(views), size, size, 3), device=self._device)
        for begin in range(0, len(views), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            for which in range(2):
                planes = make_views(images[part], [pair[which] for pair in views[part]], size)
                for channel, (mean, std) in enumerate(zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)):
                    made[which, part, :, :, channel] = (planes[:, channel] - mean) / std
        return made.flatten(0, 1).permute(0, 3, 1, 2)

    def _send(self) -> None:
        photos = [photo for photo in self._photos if photo is not None]
        self._photos, self._views = [], [views for _, views in photos]
        height, width = np.max([pixels.shape[:2] for pixels, _ in photos], axis=0).tolist()
        images = torch.empty(
            (len(photos), height, width, 3), dtype=torch.uint8, pin_memory=self._sending is not None
        )  # memory the GPU can fetch from by itself
        for image, (pixels, _) in zip(images.numpy(), photos, strict=True):
            image[: pixels.shape[0], : pixels.shape[1]] = pixels
        if self._sending is None:
            self._images = images.to(self._device)
            return
        with torch.cuda.stream(self._sending):
            self._images = images.to(self._device, non_blocking=True)
            self._sent = self._sending.record_event()


def make_views(images: Tensor, views: Sequence[View], size: int) -> Tensor:
    """One view of each photo: float32 [N, 3, size, size], 0 to 1.

    images: uint8 [N, H, W, 3], photos filled up to a common size with anything, since a view looks nowhere but into its
    box. Within 8 of 255 levels of `apply_view`, which rounds after each change; half a level on average.
    """
    device = images.device
    # The levels 0 to 255 are whole in half precision, and its weights' errors far below a level.
    kind = torch.float16 if device.type == "cuda" else torch.float32
    numbers = _numbers_of(views)
    if device.type == "cuda":
        numbers = numbers.pin_memory().to(device, non_blocking=True)
    left, top, width, height, flip = numbers[:, :5].unbind(dim=1)
    across = _weights(left, width, images.shape[2], size)
    across = torch.where(flip[:, None, None] > 0, across.flip(1), across).to(kind)
    down = _weights(top, height, images.shape[1], size).to(kind)
    planes = images.movedim(3, 1).to(kind, memory_format=torch.contiguous_format)
    with torch.autocast(device.type, enabled=False):  # bf16 has too few digits for 255 levels
        rows = planes.flatten(1, 2) @ across.mT
        resized = down[:, None] @ rows.unflatten(1, planes.shape[1:3])
    sectors = max((abs(6 * view.colours[3]) for view in views if view.colours is not None), default=0.0)
    return _change_colours(resized.float() / 255, numbers[:, 5:], max(1, math.ceil(sectors)))


def _cut(pixels: NDArray[np.uint8], views: tuple[View, View]) -> _Photo:
    """The part of a photo that its views look at, and the views of that part."""
    boxes = np.array([view.box for view in views])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    first, second = (
        dataclasses.replace(view, box=(view.box[0] - left, view.box[1] - top, *view.box[2:])) for view in views
    )
    return pixels[top:bottom, left:right], (first, second)


def _numbers_of(views: Sequence[View]) -> Tensor:
    """float32 [N, 10]: left, top, width, height, flip; brightness, contrast, saturation, hue, grey."""
    rows = [
        (*view.box, view.flip, *((1.0, 1.0, 1.0, 0.0) if view.colours is None else view.colours), view.grey)
        for view in views
    ]
    return torch.tensor(rows, dtype=torch.float32)


def _weights(start: Tensor, length: Tensor, pixels: int, size: int) -> Tensor:
    """[N, size, pixels]: how much each pixel of a line counts for each of `size` new ones.

    The antialiased bilinear filter of Pillow and torchvision: a triangle as wide as the scale, over the `length` pixels
    from `start` on, scaled to a sum of one.
    """
    scale = (length / size)[:, None, None]
    centres = (torch.arange(size, device=start.device) + 0.5)[:, None] * scale
    places = torch.arange(pixels, device=start.device) - start[:, None, None]
    inside = (places >= 0) & (places < length[:, None, None])
    weights = (1 - (places + 0.5 - centres).abs() / scale.clamp(min=1)).clamp(min=0) * inside
    return weights / weights.sum(dim=2, keepdim=True)


def _change_colours(images: Tensor, numbers: Tensor, turns: int) -> Tensor:
    """As `colour_changes.change_colours`, of images [N, 3, H, W]. turns: sectors of the largest turn of hue."""
    brightness, contrast, saturation, hue, grey = numbers.T[:, :, None, None, None]
    images = (images * brightness).clamp(0, 1)
    mean = _grey_of(images).mean(dim=(2, 3), keepdim=True)
    images = torch.lerp(mean, images, contrast).clamp(0, 1)
    images = torch.lerp(_grey_of(images), images, saturation).clamp(0, 1)
    for _ in range(turns):
        images = _turn_hue(images, 6 * hue / turns)
    return torch.where(grey > 0, _grey_of(images), images)


def _turn_hue(images: Tensor, turn: Tensor) -> Tensor:
    largest, smallest = images.amax(dim=1, keepdim=True), images.amin(dim=1, keepdim=True)
    middle = images.sum(dim=1, keepdim=True) - largest - smallest
    direction = (images.roll(-1, dims=1) - images.roll(-2, dims=1)).sign()
    moved = 2 * images - middle - turn * (largest - smallest) * direction
    return moved.clamp(smallest, largest)


def _grey_of(images: Tensor) -> Tensor:
    red, green, blue = images.unbind(dim=1)
    return (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue)[:, None]
