"""Embeddings: would an index of the present model's vectors still find the same?"""

from itertools import combinations
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from replayd.scoring.contract import Said, Score, ScoringCase

Vectors = NDArray[np.float64]  # (inputs, dimensions), rows of length 1

_ALIKE: Final = 0.999  # cosine; what rounding and batching change is less
_STRANGE: Final = 0.5  # cosine at which nothing found is what was looked for
_FEWEST: Final = 3  # inputs among which there are neighbours
_NEIGHBOURS: Final = 0.25  # weight of the neighbours' order where there is one
_decoder = msgspec.json.Decoder(list[list[float]])


class VectorsNear:
    """Cosine to the recorded vectors, and to the control's where none were recorded.

    Another dimension is 0: stored vectors cannot be compared with it.
    """

    name = "vectors_near"

    def applies(self, case: ScoringCase) -> bool:
        """For embeddings."""
        return case.snapshot.operation == "embeddings"

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return nearness to the recording; without one, whether it has vectors."""
        given = vectors_of(said)
        if given is None:
            return Score(0.0, "no vectors")
        wanted = vectors_of(case.recorded)
        return Score(1.0) if wanted is None else nearness(given, wanted)

    async def score_against(
        self, case: ScoringCase, said: Said, control: Said
    ) -> Score:
        """Return nearness to the recording, else to what the control said."""
        wanted = vectors_of(case.recorded)
        wanted = vectors_of(control) if wanted is None else wanted
        given = vectors_of(said)
        if given is None or wanted is None:
            return await self.score(case, said)
        return nearness(given, wanted)


def vectors_of(said: Said) -> Vectors | None:
    """Return the vectors of an answer, scaled to length 1; None if it has none."""
    try:
        rows = np.array(_decoder.decode(said.answer.text), dtype=np.float64)
    except (msgspec.DecodeError, ValueError):
        return None
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        return None
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, 1e-12)
    return scaled if lengths.min() > 0 else None


def nearness(given: Vectors, wanted: Vectors) -> Score:
    """Return 1 for the same directions, 0 for others, another count or dimension."""
    if len(given) != len(wanted):
        return Score(0.0, f"{len(given)} vectors, not {len(wanted)}")
    if given.shape != wanted.shape:
        return Score(0.0, f"{given.shape[1]} dimensions, not {wanted.shape[1]}")
    worst = float((given * wanted).sum(axis=1).min())
    if worst >= _ALIKE:
        return Score(1.0)
    value = max(0.0, (worst - _STRANGE) / (_ALIKE - _STRANGE))
    kept = _neighbours_kept(given, wanted)
    if kept is not None:
        value = (1 - _NEIGHBOURS) * value + _NEIGHBOURS * kept
    # A vector that differs is an error, however near it is.
    return Score(min(value, 1.0), f"cosine {worst:.3f}")


def _neighbours_kept(given: Vectors, wanted: Vectors) -> float | None:
    """Return the share of inputs whose nearest other input is the same one."""
    if len(given) < _FEWEST:
        return None
    nearest = []
    for rows in (given, wanted):
        alike = rows @ rows.T
        np.fill_diagonal(alike, -2.0)
        nearest.append(alike.argmax(axis=1))
    one, other = nearest
    return float(np.mean(one == other)) if list(combinations(one, 2)) else None
