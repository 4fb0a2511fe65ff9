"""Mathematical notation rewritten into one that a small parser reads.

LaTeX, Unicode and plain text: roots, powers of functions, mixed numbers, bars.
"""

import re
from typing import Final

_FUNCTION: Final = r"(sin|cos|tan|ln|log)"
_ARGUMENT: Final = r"(?:\(?((?<=\()[^()]{1,40}|\w+)\)?)"
_LATEX: Final = (
    (
        re.compile(
            r"\\(?:left|right|displaystyle|,|;|!|:|quad)|\\\(|\\\)|\\\[|\\\]|\$|~"
        ),
        " ",
    ),
    # `1 1/2`, and the same in LaTeX
    (
        re.compile(
            r"(?<![\w.^])(\d{1,3})\s*\\[dt]?frac\s*\{(\d{1,3})\}\s*\{(\d{1,3})\}"
        ),
        r"(\1+\2/\3)",
    ),
    (re.compile(r"\A(-?)(\d{1,3}) (\d{1,3})/(\d{1,3})\Z"), r"\1(\2+\3/\4)"),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"(\1/\2)"),
    (re.compile(r"\\sqrt\s*\[(\d)\]\s*\{([^{}]*)\}"), r"((\2)^(1/\1))"),
    (re.compile(r"(?:∛|\bcbrt\b)\s*\(?(\w+)\)?"), r"((\1)^(1/3))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"\\sqrt\s*(\w)"), r"sqrt(\1)"),
    (re.compile(r"√\s*\(?(\w+)\)?"), r"sqrt(\1)"),
    (re.compile(r"\\[lr]?vert\b"), "|"),
    (re.compile(r"\|([^|]{1,40})\|"), r"abs(\1)"),
    (re.compile(r"\\?\barc(sin|cos|tan)\b"), r" arc\1 "),
    (re.compile(r"\\?\ba(sin|cos|tan)\b(?=\s*\()"), r" arc\1 "),
    # A power of a function stands before its argument; -1 is its inverse.
    (
        re.compile(rf"\\?\b{_FUNCTION}\s*\^\s*[({{]?-1[)}}]?\s*{_ARGUMENT}"),
        r" arc\1(\2) ",
    ),
    (
        re.compile(rf"\\?\b{_FUNCTION}\s*\^\s*[({{]?(\d)[)}}]?\s*{_ARGUMENT}"),
        r" (\1(\3))^\2 ",
    ),
    (
        re.compile(rf"\\?\blog_?\s*[({{]?\s*(?<=[_({{])([\w]+)[)}}]?\s*{_ARGUMENT}"),
        r" (ln(\2)/ln(\1)) ",
    ),
    (re.compile(r"(\d{1,2})!"), r"fact(\1)"),
    (re.compile(r"\\(?:cdot|times)|[×·⋅]"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile(r"\\pi|π"), "pi"),
    (re.compile(r"\\(sin|cos|tan|ln|log|exp)\b"), r"\1 "),
    (re.compile(r"\^\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\(?:text|mathrm)\{[^{}]*\}"), ""),
    (re.compile(r"½"), "(1/2)"),
    (re.compile(r"¼"), "(1/4)"),
    (re.compile(r"¾"), "(3/4)"),
)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT = re.compile(r"([₀₁₂₃₄₅₆₇₈₉]+)")
_UNIT = re.compile(
    r"(?<=[\d)i}])\s*(?:\\text\{ ?)?(?:rad(?:ians?)?|radiant\w*)\}?\s*\Z"
)
_NAMED = re.compile(
    r"\A\s*(?:[a-zA-Z]'*\([a-z]\)|d\w?/d[a-z]|[a-zA-Z](?:_?\(?\d\)?|\d)?'*)\s*=\s*(?=\S)"
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")


def plain_expression(text: str) -> str:
    """Return an expression in plain notation, without the name that it is given."""
    text = text.strip().strip(" .:;`*")
    text = _SUPERSCRIPT.sub(lambda m: f"^({m[1].translate(_SUPERSCRIPTS)})", text)
    text = _SUBSCRIPT.sub(lambda m: f"_{m[1].translate(_SUBSCRIPTS)}", text)
    text = _UNIT.sub("", text)
    for _ in range(2):  # one level of nesting within
        for pattern, form in _LATEX:
            text = pattern.sub(form, text)
    text = text.replace("{", "(").replace("}", ")").strip()
    text = _NAMED.sub("", text)
    return _GROUPED.sub("", text).replace("+ C", "+ c").replace("+C", "+c").strip()


# An equation of functions or powers, whatever the request calls what it asks for.
FORMULA: Final = re.compile(
    r"\A[^\n:]{0,40}\b[a-zA-Z]['′]?(?:\([a-z]\))?\s*=\s*[^\n=]*(?:[²³⁴√∫]|\^|\b(?:sin|cos|tan|ln|log|exp)\b)[^\n=]*\Z"
)
