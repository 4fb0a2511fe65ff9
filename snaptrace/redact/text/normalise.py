"""Other readings of a text: what it says once its escapes are undone, and from where.

A value may stand behind JSON's backslashes, a URL's percent signs, HTML's entities,
odd blanks or signs that nobody sees, at several levels at once. Patterns are looked
for in the plainest reading; what they find is taken out where it really stands.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_LEVELS = 3  # `%2540` is two
_BACKSLASHED = r"\\++(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt/\"'])?"
# A run of signs that escape something is taken whole, with or without what it escapes:
# tried again from each of its signs, a long one would cost its length squared.
_ESCAPE = re.compile(
    rf"(?P<backslash>{_BACKSLASHED})"
    r"|(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});)"
    # Soft hyphen, zero-width signs, direction marks.
    r"|(?P<unseen>[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+)"
    r"|(?P<blank>[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])"
    r"|(?P<dash>[\u2010-\u2015\u2212\ufe58\ufe63])"
    r"|(?P<wide>[\uff01-\uff5e])"
    r"|(?P<digit>[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f])"
    r"|(?P<plus>\+(?<=[0-9A-Za-z]\+)(?=[0-9A-Z%]))"
)
# Every sign that begins one of them: a search for a set is far quicker.
_FIRST = re.compile(
    "[\\\\%&+\u00ad\u00a0\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u1680\u2000-\u200f"
    "\u2010-\u2015\u202a-\u202f\u205f-\u2064\u2212\u3000\ufe58\ufe63\ufeff\uff01-\uff5e]"
)
_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
_WIDE_BY = 0xFEE0  # from the full-width forms to ASCII
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


class View(NamedTuple):
    """A reading of a text."""

    text: str
    starts: list[int]  # where each sign begins in the text that was read; then its end


def plainest(text: str) -> View | None:
    """Return the text without escapes; None if it has none."""
    found: View | None = None
    for _ in range(_LEVELS):
        one = _once(text if found is None else found.text)
        if one is None:
            break
        if found is not None:
            one = View(one.text, [found.starts[at] for at in one.starts])
        found = one
    return found


def _once(text: str) -> View | None:
    # Three searches for one sign each cost nothing; most texts end here.
    if text.isascii() and not ("\\" in text or "%" in text or "&" in text):
        return None
    has_percent = _PERCENT.search(text) is not None
    out: list[str] = []
    starts: list[int] = []
    at = looked = 0
    for first in _FIRST.finditer(text):
        if first.start() < looked:
            continue
        match = _ESCAPE.match(text, first.start())
        if match is None:
            continue
        kind = match.lastgroup or ""
        if kind == "plus" and not has_percent:
            continue  # a blank only in a URL's query
        start, looked = match.span()
        pieces = _pieces(kind, match[0])
        if pieces is None:
            continue
        out.append(text[at:start])
        starts.extend(range(at, start))
        for plain, width in pieces:
            out.append(plain)
            starts.extend([start] * len(plain))
            start += width
        at = looked
    if not at:
        return None
    out.append(text[at:])
    starts.extend(range(at, len(text) + 1))
    return View("".join(out), starts)


def _pieces(kind: str, escaped: str) -> list[tuple[str, int]] | None:
    """Return (what it says, signs that it takes) in order; None: nothing special."""
    width = len(escaped)
    if kind == "percent":
        return _percent(escaped)
    if kind == "backslash":
        told = escaped.lstrip("\\")
        if not told:
            return None
        if told[0] in "ux":
            code = int(told[1:], 16)
            # One half of a sign beyond 16 bits is no part of any value.
            return None if 0xD800 <= code < 0xE000 else [(chr(code), width)]
        return [(_CONTROLS.get(told, told), width)]
    if kind == "entity":
        import html  # noqa: PLC0415 - its table of names weighs 400 KB, for few

        plain = html.unescape(escaped)
        return None if plain == escaped else [(plain, width)]
    if kind == "unseen":
        return [("", width)]
    if kind == "digit":
        return [(str(int(escaped)), 1)]
    if kind == "wide":
        return [(chr(ord(escaped) - _WIDE_BY), width)]
    return [("-" if kind == "dash" else " ", width)]


def _percent(escaped: str) -> list[tuple[str, int]] | None:
    """Return what UTF-8 behind percent signs says; a stray byte stays as it stands."""
    told = unquote_to_bytes(escaped).decode(errors="surrogateescape")
    pieces: list[tuple[str, int]] = []
    at, known = 0, False
    for sign in told:
        if "\udc80" <= sign <= "\udcff":
            pieces += ((stray, 1) for stray in escaped[at : at + 3])
            at += 3
        else:
            known, width = True, 3 * len(sign.encode())
            pieces.append((sign, width))
            at += width
    return pieces if known else None
