"""Sentence on what a modality's pass could have shown, and what it could not."""

from replayd.verdicts.views import ModalityView

MOST_NAMED = 6  # faults in one line


def sight_of(shown: ModalityView) -> str:
    """Return what the pairs so far would have shown; "" before any pair."""
    if not shown.replays:
        return ""
    if shown.smallest_drop is None:
        parts = [f"{shown.replays} pairs show no drop nine times in ten"]
    else:
        drop = f"{100 * shown.smallest_drop:.1f} points"
        parts = [f"a drop of {drop} would have been found nine times in ten"]
    if shown.blind_to:
        parts.append(f"blind to {_names(shown.blind_to)}")
    if not shown.drilled_at_ns:
        parts.append("no drill says which faults are caught")
    return "; ".join(parts)


def insensitive(shown: ModalityView) -> str:
    """Return which required faults take a pass away."""
    return f"not known to show {_names(shown.insensitive_to)}"


def _names(faults: tuple[str, ...]) -> str:
    named = ", ".join(faults[:MOST_NAMED])
    more = len(faults) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named
