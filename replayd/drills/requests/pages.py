"""Faults in documents: a page of a PDF missing, its pages in another order."""

import io
from collections.abc import Callable

from replayd.decoding.bounds import MOST_PAGES
from replayd.drills.requests.contract import Asked, OtherMedia
from replayd.drills.requests.media import changed_media


def page_fault(
    order: Callable[[int], list[int]],
) -> Callable[[Asked, OtherMedia], Asked | None]:
    """Return a fault that writes the pages anew in the order of their numbers."""

    def apply(asked: Asked, _other: OtherMedia) -> Asked | None:
        def changed(data: bytes, mime: str) -> tuple[bytes, str] | None:
            return _reordered(data, mime, order)

        return changed_media("document", changed, asked)

    return apply


def _reordered(
    data: bytes, mime: str, order: Callable[[int], list[int]]
) -> tuple[bytes, str] | None:
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415 - an optional extra

    if not data.startswith(b"%PDF"):
        return None
    pages = list(PdfReader(io.BytesIO(data)).pages)
    if not 2 <= len(pages) <= MOST_PAGES:
        return None
    writer = PdfWriter()
    for number in order(len(pages)):
        writer.add_page(pages[number])
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue(), mime


def without_middle(pages: int) -> list[int]:
    """Leave out the page in the middle."""
    return [number for number in range(pages) if number != pages // 2]


def reversed_order(pages: int) -> list[int]:
    """Return the pages last to first."""
    return list(reversed(range(pages)))
