"""Messages between leader and workers, and what may not be read."""

import pytest
from fakes.led_epoch import cases

from replayd.model import Planned
from replayd.workers import messages
from replayd.workers.messages import Job, Reply
from replayd.workers.pull import deliveries, stream_sequence


def test_a_job_comes_back_as_it_was():
    """If it failed, a worker would ask something else than was planned."""
    (case,) = cases(1)
    job = Job(
        canary="next",
        epoch="e1",
        term=2,
        delivery=1,
        settings="s",
        model="m",
        planned=Planned(number=7, case=case, lane="traffic"),
        deadline_seconds=1.5,
        fresh=True,
    )
    assert messages.job(messages.packed(job)) == job


def test_a_large_reply_travels_compressed():
    """If it failed, answers would fill the streams."""
    reply = Reply(
        epoch="e" * 20_000, term=0, number=1, delivery=0, worker="w", end="lost"
    )
    data = messages.packed(reply)
    assert len(data) < 1_000
    assert messages.reply(data) == reply


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x28\xb5\x2f\xfdgarbage", b"{}"])
def test_what_is_no_message_is_refused(data):
    """If it failed, a stray message would end the leader."""
    with pytest.raises(ValueError, match=r"."):
        messages.reply(data)


def test_places_are_read_from_both_forms_of_an_acknowledgement():
    """If it failed, a delivery that was another's would look like a first one."""
    for subject in (
        "$JS.ACK.jobs.pool.3.41.9.1700000000.0",
        "$JS.ACK.domain.hash.jobs.pool.3.41.9.1700000000.0.x",
    ):
        assert (deliveries(subject), stream_sequence(subject)) == (3, 41)
