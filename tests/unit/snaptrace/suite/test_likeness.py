"""Near-duplicates: which two requests are one case."""

from fakes.stored_calls import image_call, text_call

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.suite.likeness import alike, likeness_of

KEY = FleetKey(b"k" * 32)
NOW = 1_800_000_000 * 10**9


def asked(*turns, system="Be brief."):
    """Return the likeness of a conversation of user and assistant in turn."""
    messages = [{"role": "system", "content": system}]
    for place, text in enumerate(turns):
        messages.append({"role": ("user", "assistant")[place % 2], "content": text})
    body = {"model": "m", "messages": messages}
    return likeness_of(text_call(1, at_ns=NOW, body=body))


def test_a_template_with_another_number_is_the_same_case():
    """If it failed, a suite would hold one question fifty times."""
    one = asked("What is the total of order 4711, please?")
    assert alike(one, asked("What is the total of order 17, please?"))
    assert not alike(one, asked("Who delivers to Norway on a Sunday?"))


def test_one_question_about_two_pictures_is_two_cases():
    """If it failed, a chart's suite would hold a single chart."""
    one, same, other = (
        likeness_of(image_call(n, data, KEY, at_ns=NOW))
        for n, data in enumerate([b"chart one", b"chart one", b"chart two"])
    )
    assert alike(one, same)
    assert not alike(one, other)


def test_a_short_turn_is_told_by_what_came_before():
    """If it failed, every `yes` of a shop would be one case."""
    one = asked("Cancel my newspaper?", "Are you sure?", "yes")
    other = asked("Book the flight to Oslo?", "With luggage?", "yes")
    assert not alike(one, other)


def test_long_texts_are_told_by_both_ends():
    """If it failed, one question about two documents would be one case."""
    filler = "and so on " * 200
    one = asked(f"The lease of the mill runs until May. {filler} Summarise this.")
    other = asked(f"Three ships left harbour at dawn. {filler} Summarise this.")
    assert not alike(one, other)


def test_the_same_request_has_the_same_digest_whatever_model_is_asked():
    """If it failed, production's answer of today would not be found for a pin."""
    body = {"model": "older", "messages": [{"role": "user", "content": "Hello 1"}]}
    one = likeness_of(text_call(1, at_ns=NOW, body=body))
    same = likeness_of(text_call(2, at_ns=NOW, body={**body, "model": "newer"}))
    other = likeness_of(
        text_call(
            3,
            at_ns=NOW,
            body={**body, "messages": [{"role": "user", "content": "Hello 2"}]},
        )
    )
    assert one.request == same.request != other.request
    assert alike(one, other)
