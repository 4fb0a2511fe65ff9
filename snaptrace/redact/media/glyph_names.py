"""Names that fonts give to the signs of ASCII: Adobe Glyph List, its part in use."""

_FIRST = (  # from the blank on
    *("space", "exclam", "quotedbl", "numbersign", "dollar", "percent", "ampersand"),
    *("quotesingle", "parenleft", "parenright", "asterisk", "plus", "comma", "hyphen"),
    *("period", "slash", "zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "colon", "semicolon", "less", "equal", "greater"),
    *("question", "at"),
)
_BETWEEN = (  # behind the capitals
    *("bracketleft", "backslash", "bracketright", "asciicircum", "underscore"),
    "grave",
)
_LAST = ("braceleft", "bar", "braceright", "asciitilde")

ASCII_NAMES: dict[str, str] = {
    **{name: chr(0x20 + index) for index, name in enumerate(_FIRST)},
    **{name: chr(0x5B + index) for index, name in enumerate(_BETWEEN)},
    **{name: chr(0x7B + index) for index, name in enumerate(_LAST)},
    "minus": "-",
    "endash": "-",
    "emdash": "-",
    "quoteright": "'",
    "nbspace": " ",
}
