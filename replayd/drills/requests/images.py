"""Faults in images. Pillow decodes them, within a bound on pixels."""

import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from replayd.decoding.bounds import MOST_PIXELS
from replayd.drills.requests.contract import Asked, OtherMedia
from replayd.drills.requests.media import changed_media

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG_QUALITY = 20
BLUR_PX = 3.0
TURNED_DEGREES = 90


def image_fault(
    change: Callable[["Image"], "Image | None"], *, jpeg: bool = False
) -> Callable[[Asked, OtherMedia], Asked | None]:
    """Return a fault that changes every image of a request."""

    def apply(asked: Asked, _other: OtherMedia) -> Asked | None:
        def changed(data: bytes, mime: str) -> tuple[bytes, str] | None:
            return _changed(data, mime, change, jpeg=jpeg)

        return changed_media("image", changed, asked)

    return apply


def _changed(
    data: bytes, mime: str, change: Callable[["Image"], "Image | None"], *, jpeg: bool
) -> tuple[bytes, str] | None:
    from PIL import Image  # noqa: PLC0415 - an optional extra

    with Image.open(io.BytesIO(data)) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            return None
        image = opened.convert("RGB")
    found = change(image)
    if found is None:
        return None
    written = io.BytesIO()
    if jpeg:
        found.save(written, "JPEG", quality=JPEG_QUALITY)
        return written.getvalue(), "image/jpeg"
    if mime == "image/jpeg":
        found.save(written, "JPEG", quality=95)
        return written.getvalue(), mime
    found.save(written, "PNG")
    return written.getvalue(), "image/png"


def downscaled(longest_px: int) -> Callable[["Image"], "Image | None"]:
    """Return a change to at most so many pixels on the longer side."""
    return partial(_downscaled, longest_px)


def _downscaled(longest_px: int, image: "Image") -> "Image | None":
    if max(image.size) <= longest_px:
        return None
    small = image.copy()
    small.thumbnail((longest_px, longest_px))
    return small


def same(image: "Image") -> "Image":
    """Return the image; saving it is the fault."""
    return image


def rotated(image: "Image") -> "Image":
    """Turn it by a quarter."""
    return image.rotate(TURNED_DEGREES, expand=True)


def blurred(image: "Image") -> "Image":
    """Blur it as an image out of focus is."""
    from PIL import ImageFilter  # noqa: PLC0415 - an optional extra

    return image.filter(ImageFilter.GaussianBlur(BLUR_PX))


def half_cut(image: "Image") -> "Image":
    """Cut the lower half off."""
    return image.crop((0, 0, image.width, max(image.height // 2, 1)))


def blanked(image: "Image") -> "Image":
    """Return a white image of the same size."""
    from PIL import Image  # noqa: PLC0415 - an optional extra

    return Image.new("RGB", image.size, "white")
