from __future__ import annotations

from PIL import Image, ImageEnhance, ImageFilter

from prismh_engine.photos.decode import decode
from prismh_engine.photos.measures import SHORT_SIDE, Measures, measure
from prismh_engine.photos.verdicts import Thresholds

from .pictures import encoded, picture


def test_a_flat_grey_has_its_brightness_and_neither_contrast_nor_sharpness() -> None:
    assert measure(Image.new("RGB", (64, 48), (90, 90, 90))) == Measures(90.0, 0.0, 0.0, 0)


def test_a_dark_photo_is_darker_and_a_blurred_one_less_sharp_than_the_thresholds() -> None:
    image = picture(1, (640, 480))
    good, dark = measure(image), measure(ImageEnhance.Brightness(image).enhance(0.05))
    blurred = measure(image.filter(ImageFilter.GaussianBlur(6)))
    assert dark.brightness < Thresholds().dark < good.brightness
    assert blurred.sharpness < Thresholds().blurry < good.sharpness


def test_sharpness_does_not_depend_on_how_many_pixels_the_phone_has() -> None:
    measures = []
    for size in ((1024, 768), (2048, 1536), (4096, 3072)):
        large = picture(2, (512, 384)).resize(size, Image.Resampling.BICUBIC)
        image = decode(encoded(large, quality=95), short_side=SHORT_SIDE).image
        assert image is not None
        measures.append(measure(image).sharpness)
    assert max(measures) < 1.5 * min(measures)


def test_the_hash_of_a_photo_survives_jpeg_and_another_size_but_not_another_picture() -> None:
    image = picture(3, (640, 480))
    again = decode(encoded(image.resize((320, 240)), quality=50)).image
    assert again is not None

    def bits(other: Image.Image) -> int:
        return (measure(image).difference_hash ^ measure(other).difference_hash).bit_count()

    assert bits(again) <= 3
    assert bits(picture(4, (640, 480))) > 10


def test_pictures_of_one_pixel_or_one_row_can_be_measured() -> None:
    for size in ((1, 1), (500, 1), (1, 500), (2, 2)):
        assert measure(Image.new("RGB", size, "white")).sharpness == 0
