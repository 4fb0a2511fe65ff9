from fakes.stored_calls import text_call

from collector.recognise.fidelity import DOUBTS as NAMED_BY_COLLECTORS
from replayd.witness.row import DOUBTS, OTHER_DOUBT, STANDING_DOUBTS, row_of
from snaptrace.snapshot.model import Fidelity, Media


def _row(*reasons, level="unverified", media=()):
    fidelity = Fidelity(level=level, reasons=reasons)
    return row_of(text_call(1, at_ns=1, fidelity=fidelity, media=media))


def test_every_doubt_of_a_collector_is_settled_or_stands():
    """A new doubt would be settled by counts that say nothing of it."""
    assert {*DOUBTS, *STANDING_DOUBTS} == NAMED_BY_COLLECTORS


def test_the_gravest_doubt_names_the_row():
    """A guessed API would be verified with the rest of its scope."""
    assert _row("scope_unrecorded", "api_guessed").doubt == "api_guessed"
    assert not _row("api_guessed").settleable
    assert _row("scope_unrecorded").settleable
    assert _row("of_a_newer_release").doubt == OTHER_DOUBT
    assert not _row("of_a_newer_release").settleable
    assert _row("scope_unrecorded", level="exact").doubt == ""


def test_media_of_two_kinds_are_mixed():
    """Image counts would vouch for calls with sound in them."""
    image = Media(kind="image", mime="image/png", state="inline")
    sound = Media(kind="audio", mime="audio/wav", state="inline")
    assert _row(media=(image, image)).medium == "image"
    assert _row(media=(image, sound)).medium == "mixed"
    assert _row().medium == "text"
