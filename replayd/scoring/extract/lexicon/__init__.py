"""Word lists by language, as data files; each says what it holds and whose it is."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def table(name: str) -> dict[str, dict[str, list[str]]]:
    """Return a table of word lists: a row's name, a kind of word, its words."""
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a plain list: words that belong together."""
    text = files(__name__).joinpath(name).read_text("utf-8")
    return tuple(
        tuple(line.split()) for line in text.splitlines() if line and line[0] != "#"
    )
