"""Colours of any picture as those of a screen: RGB, 8 bits a channel, in sRGB."""

from __future__ import annotations

import functools
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

# Of 255: profiles that move no colour further than this are sRGB under another name.
_HARDLY_SEEN = 2


def flatten(picture: Image.Image) -> Image.Image:
    """Any mode as RGB, 8 bits a channel, transparent parts white; inks that have a colour profile stay CMYK.

    16-bit and float greys are scaled to 8 bits. `to_srgb` does the rest, at best when the picture is small.
    """
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture.copy()
    if picture.mode == "CMYK" and _transform(profile_of(picture), "CMYK") is not None:
        return picture.copy()
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":
        return _transformed(picture, _lab_transform())
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return picture.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """What `flatten` gave, by the picture's colour profile as sRGB; a broken profile, or one of greys, is ignored."""
    transform = _transform(profile, image.mode) if profile else None
    return image if transform is None else _transformed(image, transform)


def profile_of(picture: Image.Image) -> bytes:
    """The ICC profile a picture carries, b"" where it has none."""
    profile = picture.info.get("icc_profile")
    return profile if isinstance(profile, bytes) else b""


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile's colours to sRGB; None where it cannot be had or would change nothing to speak of."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != mode:
            return None
        # Without its memory of the last pixel a transform can be used by several threads.
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", flags=ImageCms.Flags.NOCACHE
        )
        if mode == "RGB":
            before = np.stack(np.meshgrid(*[np.linspace(0, 255, 6)] * 3), axis=-1).reshape(6, 36, 3).astype(np.uint8)
            after = np.asarray(_transformed(Image.fromarray(before), transform))
            if np.abs(after.astype(int) - before).max() <= _HARDLY_SEEN:
                return None
    except Exception:  # a damaged profile makes several kinds of them; the picture is good without it
        return None
    return transform


@functools.cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


def _transformed(picture: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    image = ImageCms.applyTransform(picture, transform)
    assert image is not None  # it is only None for a transform in place
    return image


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey values of any depth [H, W] as 0 to 255: by the number of bits in use, floats by their own range."""
    values = np.nan_to_num(grey.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if np.issubdtype(grey.dtype, np.floating):
        low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    else:
        bits = next(b for b in (8, 10, 12, 14, 16, 32) if b == 32 or high < 1 << b)
        low, high = (0.0, float((1 << bits) - 1)) if bits < 32 and low >= 0 else (low, high)
    return np.clip((values - low) * (255.0 / max(high - low, 1e-12)), 0, 255).astype(np.uint8)
