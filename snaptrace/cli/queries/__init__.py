"""Commands that select snapshots by a filter and write them, and the filter fields."""
