"""Values that must never be stored, every way to spell them, and files that hold them.

What is planted is made up. `needles` are what a search of stored bytes looks for.
"""

import base64
import html
import json
from urllib.parse import quote

VALUES = {
    "email": "Planted.Person@leaky.example.com",
    "phone": "+49 171 2340987",
    "card": "5555 5555 5555 4444",
    "iban": "GB82 WEST 1234 5698 7654 32",
    "ip": "93.184.216.34",
    "ssn": "536-90-4399",
    "key": "sk-proj-pLaNtEd0123456789abcdefghij",
    "aws": "AKIAPLANTED0KEY0XYZQ",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoiMSJ9.cGxhbnRlZA",
    "github": "ghp_PLaNTeD0123456789abcdefghijABCDEFGH",
}


SENTENCE = "; ".join(VALUES.values())


# Beginnings and middles too: half a key is a leak as well.
FRAGMENTS = (
    *VALUES.values(),
    "planted.person",
    "leaky.example",
    "2340987",
    "5555 4444",
    "1234 5698",
    "pLaNtEd0123",
    "PLANTED0KEY",
    "eyJwbGFudGVk",
    "PLaNTeD0123",
)


def _in_base64(fragment):
    """Yield what base64 shows of a fragment, wherever in its text it stands."""
    for shift in range(3):
        made = base64.b64encode(b"\0" * shift + fragment)
        inner = made[4 if shift else 0 : -4]
        if len(inner) >= 8:
            yield inner


def needles(fragments=FRAGMENTS):
    """Return byte strings, lower case, none of which may be found in lowered bytes."""
    found = set()
    for text in fragments:
        plain = text.encode()
        spelled = {
            plain,
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            quote(text, safe="").encode(),
            json.dumps(text)[1:-1].encode(),
            plain.hex().encode(),
            text.replace(" ", "").encode(),
            *_in_base64(plain),
        }
        found |= {one.lower() for one in spelled}
    return sorted(found)


def _escaped(text):
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


def _wrapped(text):
    return base64.encodebytes(text.encode()).decode()


# name -> a text that says the sentence in another way
SPELLINGS = {
    "plain": lambda s: f"say {s} again",
    "upper": lambda s: f"say {s.replace(VALUES['email'], VALUES['email'].upper())} too",
    "json": lambda s: json.dumps({"note": [s]}),
    "json_escaped": lambda s: '{"note": "' + _escaped(s) + '"}',
    "json_at_sign": lambda s: '{"note": "' + s.replace("@", "\\u0040") + '"}',
    "json_twice": lambda s: json.dumps(json.dumps({"note": f"one\n{s}\ttwo"})),
    "json_thrice": lambda s: json.dumps(json.dumps(json.dumps({"a": f"x\n{s}"}))),
    "base64": lambda s: f"attached: {base64.b64encode(s.encode()).decode()}",
    "base64_json": lambda s: base64.b64encode(json.dumps({"a": s}).encode()).decode(),
    "base64_url": lambda s: base64.urlsafe_b64encode(f"??>>{s}".encode()).decode(),
    "base64_bare": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
    "base64_twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base64_wrapped": lambda s: f"mail:\n{_wrapped(s)}",
    "base64_utf16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64_in_json": lambda s: json.dumps(
        {"file": base64.b64encode(s.encode()).decode()}
    ).replace("/", "\\/"),
    "hex": lambda s: f"dump {s.encode().hex()}",
    "percent": lambda s: f"https://x.example/a?q={quote(s, safe='')}&n=1",
    "percent_all": lambda s: "q=" + "".join(f"%{b:02X}" for b in s.encode()),
    "percent_twice": lambda s: quote(quote(s, safe=""), safe=""),
    "form": lambda s: "q=" + quote(s, safe=" ").replace(" ", "+"),
    "entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "entity_at": lambda s: html.escape(f"<b>{s}</b>").replace("@", "&commat;"),
    "data_url": lambda s: (
        "see data:text/plain;base64," + base64.b64encode(s.encode()).decode()
    ),
    "data_url_percent": lambda s: "see data:text/plain," + quote(s),
    "odd_blanks": lambda s: s.replace(" ", "\u00a0"),
    "thin_blanks": lambda s: s.replace(" ", "\u2009"),
    "unseen": lambda s: s.replace("1", "1\u200b").replace("nted", "nt\u00aded"),
    "wide": lambda s: "".join(
        chr(ord(c) + 0xFEE0) if c.isdigit() or c == "@" else c for c in s
    ),
    "dashes": lambda s: s.replace("536-90-4399", "536\u201190\u20114399"),
    "long": lambda s: "word " * 500 + s + " word" * 500,
    "markdown": lambda s: f"**{s}** `{s}` [{s}](mailto:{VALUES['email']})",
    "csv": lambda s: "name,value\n" + "\n".join(f'"{v}",x' for v in s.split("; ")),
    "python": lambda s: repr({"a": s, "b": [s]}),
    "xml": lambda s: f"<r><v>{s}</v></r>",
}
