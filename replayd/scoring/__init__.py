"""Scorers: one file each, one row in `SCORERS`; which one is primary for a case."""

from replayd.scoring.contract import Scorer

SCORERS: dict[str, Scorer] = {}
