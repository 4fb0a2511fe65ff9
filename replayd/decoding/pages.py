"""Traits of documents: pages, text or scan. Runs in a confined process."""

import io

from replayd.decoding.bounds import MOST_PAGES

_LOOKED_AT = 5  # pages
_LEAST_LETTERS = 20  # of a page with text
_PAGES = ((1, "1"), (5, "2_to_5"), (20, "6_to_20"))


def document_traits(data: bytes) -> dict[str, str]:
    """Return the traits of one PDF; none of what is none, or too long."""
    from pypdf import PdfReader  # noqa: PLC0415 - an optional extra

    if not data.startswith(b"%PDF"):
        return {}
    pages = PdfReader(io.BytesIO(data)).pages
    if not 0 < len(pages) <= MOST_PAGES:
        return {}
    count = next((name for most, name in _PAGES if len(pages) <= most), "over_20")
    kinds = set()
    for page in pages[:_LOOKED_AT]:
        letters = sum(map(str.isalnum, page.extract_text()[:2_000]))
        if letters >= _LEAST_LETTERS:
            kinds.add("text")
        elif "/XObject" in (page.get("/Resources") or {}):
            kinds.add("scan")
    text = kinds.pop() if len(kinds) == 1 else "mixed" if kinds else ""
    return {"document.pages": count, "document.text": text}
