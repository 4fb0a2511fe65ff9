"""Tuning of Python's cycle collector for a thousand pairs in flight.

What a call leaves behind goes by its reference count: after thousands of pairs no cycle
was found (`test_large_bodies.py` runs with the search off). Searching all
that is in flight, as often as Python does by default, took a sixth of the processor's
time and kept every connection waiting for 40 to 50 ms, again and again.
"""

import gc

# Python searches once so many more objects were made than went; a pair in flight has
# about a hundred, so that pairs which come and go bring on no search. Default: 700.
YOUNG_OBJECTS = 200_000


def search_seldom() -> None:
    """Leave out all that is there by now, for imported code stays; search seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
