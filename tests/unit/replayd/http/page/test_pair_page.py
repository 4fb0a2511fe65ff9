"""One pair on the page: differences, media, neighbours, weight."""

from fakes.judged_epoch import AT_NS, image_pair, said, text_pair
from fakes.shown_page import drawing_pair, example_pairs
from fakes.stored_calls import text_call

from replayd.http.page import pair as pair_page
from replayd.model import ArmAnswer
from snaptrace.snapshot.model import Answer, Media

PAIRS = [
    image_pair(0, "North: 42\nSouth: 3100\nEast: 875"),
    text_pair(1, "The total is 42."),
    text_pair(2, said("", "timeout")),
]


async def test_a_pair_leads_to_its_neighbours_in_the_list_it_was_opened_from(page):
    """A reader would go back to the list for each of a hundred pairs."""
    client = await page(PAIRS)
    text = await (await client.get("/canary/pair/e1/0?change=worse")).text()
    assert "2 of 2" in text
    assert 'data-key="k" href="/canary/pair/e1/2?change=worse"' in text
    assert 'data-key="j"' not in text
    outside = await (await client.get("/canary/pair/e1/1?change=worse")).text()
    assert 'data-key="j"' not in outside


async def test_the_canary_is_held_against_the_control_on_request(page):
    """What the serving model says today would hide what the canary does wrong."""
    call, canary, _, blob = PAIRS[0]
    client = await page([(call, canary, "North: 4210\nSouth: 3200\nEast: 875", blob)])
    plain = await (await client.get("/canary/pair/e1/0")).text()
    assert plain.count('<del class="number">3100</del>') == 1  # of the control
    against = await (await client.get("/canary/pair/e1/0?against=control")).text()
    assert against.count('<del class="number">3200</del>') == 2


async def test_media_are_shown_by_their_kind(page):
    """A reader would have to listen to see where anybody speaks."""
    client = await page(example_pairs(100)[:3])
    sound = await (await client.get("/canary/pair/e1/0")).text()
    assert '<svg class="wave"' in sound
    assert "<audio controls" in sound
    tools = await (await client.get("/canary/pair/e1/1")).text()
    assert '<code class="leaf changed">&#34;2031-02-05&#34;</code>' in tools
    assert "missing here" in tools
    prose = await (await client.get("/canary/pair/e1/2")).text()
    assert "The whole request, 4 messages" in prose
    assert "Kept with probability <b>1</b>" in prose


async def test_long_answers_stay_light_until_all_is_asked_for(page, monkeypatch):
    """A phone would load a megabyte of marks to show one wrong word."""
    monkeypatch.setattr(pair_page, "HEAVIEST", 16_000)
    monkeypatch.setattr(pair_page, "CUTS", (20_000, 300))
    recorded, canary, control = (
        " ".join(f"{n} apples" for n in range(start, start + 90))
        for start in (1_000, 2_000, 3_000)
    )
    call = text_call(0, at_ns=AT_NS, answer=recorded)
    client = await page([(call, canary, control, b"")])
    page_url = "/canary/pair/e1/0"
    light = await (await client.get(page_url)).read()
    assert len(light) <= 16_000
    assert b"show all" in light
    whole = await (await client.get(f"{page_url}?full=1")).read()
    assert len(whole) > len(light)
    assert b"show all" not in whole


async def test_what_an_arm_drew_is_shown_and_guarded(page):
    """An image that the canary made could not be looked at, or would run scripts."""
    drawing = Media(kind="image", mime="image/png", state="inline")
    page_of_it = Media(kind="document", mime="text/html", state="inline")
    arm = ArmAnswer(
        outcome="answered",
        answer=Answer(text="Here it is.", media=(drawing, page_of_it)),
        blobs={0: b"\x89PNG", 1: b"<script>"},
    )
    client = await page([(text_pair(0, "")[0], arm, "Here it is.", b"")])
    url = "/canary/pair/e1/0/answer/canary/"
    assert f'src="{url}0"' in await (await client.get("/canary/pair/e1/0")).text()
    assert (await client.get(f"{url}0")).content_type == "image/png"
    other = await client.get(f"{url}1")
    assert other.content_type == "application/octet-stream"
    assert "attachment" in other.headers["Content-Disposition"]
    for missing in (f"{url}2", f"{url}x", url.replace("canary/", "nobody/") + "0"):
        assert (await client.get(missing)).status == 404


async def test_media_of_the_recording_stand_beside_those_of_both_arms(page):
    """Who judges a picture or a voice could not see what production once made."""
    client = await page(example_pairs(100))
    for number, tag in ((4, "img"), (6, "audio")):
        place = f"/canary/pair/e1/{number}"
        text = await (await client.get(place)).text()
        found = set()
        for side in ("recorded", "control", "canary"):
            assert f'src="{place}/answer/{side}/0"' in text
            assert f"<{tag}" in text
            answer = await client.get(f"{place}/answer/{side}/0")
            assert answer.content_type in ("image/png", "audio/wav")
            found.add(await answer.read())
        assert len(found) == 3
        assert (await client.get(f"{place}/answer/recorded/1")).status == 404
    # A picture is held against the control's, which was asked for the same.
    assert (
        'data-against="/canary/pair/e1/4/answer/control/0"'
        in await (await client.get("/canary/pair/e1/4")).text()
    )


async def test_without_a_control_a_picture_is_held_against_the_recorded_one(page):
    """Where a control costs too much, nobody would be shown what differs."""
    call, canary, _, blob = drawing_pair(0)
    refused = ArmAnswer(outcome="refused")
    client = await page([(call, canary, refused, blob)])
    text = await (await client.get("/canary/pair/e1/0")).text()
    assert 'data-against="/canary/pair/e1/0/answer/recorded/0"' in text


async def test_a_document_is_framed_by_this_page_only(page):
    """Pages would stay blank in a sandbox, or be shown inside a page elsewhere."""
    client = await page(example_pairs(100))
    text = await (await client.get("/canary/pair/e1/3")).text()
    assert '<iframe src="/canary/pair/e1/3/media/0"' in text
    answer = await client.get("/canary/pair/e1/3/media/0")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.content_type == "application/pdf"
    assert "sandbox" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_what_only_claims_to_be_a_document_is_a_download():
    """A page with scripts, sent in as a PDF, would be opened in the reader's origin."""
    answer = pair_page.medium_answer(
        b"<script>alert(1)</script>", "application/pdf", "medium-0"
    )
    assert answer.content_type == "application/octet-stream"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_answered_images_are_held_against_each_other(page):
    """Nothing would say which two images the regions are about."""
    client = await page(example_pairs(100))
    text = await (await client.get("/canary/pair/e1/4")).text()
    one = "/canary/pair/e1/4/answer"
    assert f'data-against="{one}/control/0"' in text
    assert f'data-against="{one}/canary/0"' in text
