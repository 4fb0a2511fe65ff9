"""The memory budget."""

from hypothesis import given
from hypothesis import strategies as st

from collector.receiver.admission import Admission, Reservation


def test_a_body_larger_than_the_budget_is_admitted_alone():
    """A generous message limit would need a generous budget."""
    admission = Admission(1000)
    large, small = Reservation(admission), Reservation(admission)
    assert large.grow_to(10_000)
    assert not small.grow_to(1)
    large.release()
    assert small.grow_to(1)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 400)), max_size=60)
)
def test_the_budget_holds_and_everything_comes_back(steps):
    """Memory would grow beyond the bound, or the budget leak away."""
    admission = Admission(1000)
    held = [Reservation(admission) for _ in range(5)]
    for index, size in steps:
        if size is None:
            held[index].release()
        else:
            before = admission.reserved_bytes
            if not held[index].grow_to(size):
                assert admission.reserved_bytes == before
        alone = sum(r._cost_bytes > 0 for r in held) <= 1
        assert admission.reserved_bytes <= 1000 or alone
        assert admission.reserved_bytes == sum(r._cost_bytes for r in held)
    for reservation in held:
        reservation.release()
        reservation.release()
    assert admission.reserved_bytes == 0


def test_the_peak_is_what_was_held_at_once_since_it_was_last_asked():
    """A burst shorter than the looks would leave its memory behind for good."""
    admission = Admission(10_000)
    first, second = Reservation(admission), Reservation(admission)
    assert first.grow_to(1000)
    assert second.grow_to(1000)
    first.release()
    assert admission.take_peak_bytes() == 6400
    assert admission.take_peak_bytes() == 3200
    second.release()
    assert admission.take_peak_bytes() == 3200
    assert admission.take_peak_bytes() == 0


def test_what_is_no_body_is_known_and_refuses_nothing():
    """Memory of broken handshakes would never go back, or bodies be refused for it."""
    admission = Admission(1000)
    assert Reservation(admission).grow_to(100)
    admission.note(5000)
    assert admission.take_peak_bytes() == 5320
    assert admission.take_peak_bytes() == admission.reserved_bytes == 320
