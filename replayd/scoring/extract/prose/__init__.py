"""Claims and facts of prose, and how two texts disagree."""
