import math

import pytest

from replayd.stats import OutOfRangeError, SliceFlags, flag_slices


def test_the_bar_falls_with_each_flag():
    """The step-up of the e-BH rule would be missing, and power with it."""
    # 100 watched at 0.10: the first needs log 1000, two together log 500 each.
    alone = flag_slices({"a": math.log(600)}, SliceFlags(), watched=100)
    assert alone.flagged == frozenset()
    pair = {"a": math.log(600), "b": math.log(510)}
    both = flag_slices(pair, SliceFlags(), watched=100)
    assert both.flagged == {"a", "b"}


def test_a_flag_keeps_the_value_it_was_raised_with():
    """A list would flicker, or rest on running maxima that promise nothing."""
    first = flag_slices({"a": 8.0, "b": 0.0}, SliceFlags(), watched=10)
    assert first.frozen_log_e == {"a": 8.0}
    later = flag_slices({"a": -3.0, "b": 1.0}, first, watched=10)
    assert later == first
    higher = flag_slices({"a": 50.0, "b": 1.0}, first, watched=10)
    assert higher.frozen_log_e == {"a": 8.0}


def test_more_slices_raise_the_bar_for_all():
    """Slices that appear later would be tested for free."""
    first = flag_slices({"a": math.log(101)}, SliceFlags(), watched=10)
    assert first.flagged == {"a"}
    more = flag_slices({"a": 0.0}, first, watched=20)
    assert more.flagged == frozenset()
    assert more.frozen_log_e == first.frozen_log_e


def test_nothing_watched_flags_nothing():
    """An epoch without slices would crash the timer."""
    assert flag_slices({}, SliceFlags(), watched=0) == SliceFlags()


@pytest.mark.parametrize(
    ("log_e", "watched", "share"),
    [
        ({"a": 1.0, "b": 1.0}, 1, 0.1),
        ({"a": math.nan}, 5, 0.1),
        ({"a": 1.0}, 5, 0.0),
        ({"a": 1.0}, 5, math.nan),
    ],
)
def test_input_that_breaks_the_promise_is_refused(log_e, watched, share):
    """Flags would be shown with a guarantee that they do not have."""
    with pytest.raises(OutOfRangeError):
        flag_slices(log_e, SliceFlags(), watched=watched, false_share=share)
