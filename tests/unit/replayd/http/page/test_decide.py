"""People decide on the page: blind, once, in their own session, in the audit."""

import json
import re

import pytest
from fakes.judged_epoch import said, text_pair

from replayd.adjudication.decisions import canary_is_left
from replayd.adjudication.opinions import OpinionBook
from replayd.http.page.access import Listed

ANN, BEN = "ann-token-0123456789", "ben-token-0123456789"
PEOPLE = (
    Listed("ann", "decide", ANN),
    Listed("ben", "decide", BEN),
    Listed("rita", "read", "rita-token-0123456789"),
    Listed("olaf", "operate", "olaf-token-0123456789"),
)
PAIRS = [
    text_pair(0, "The total is 7."),
    text_pair(1, "The total is 42."),
    text_pair(2, "The total is 8."),
    text_pair(3, said("", "timeout")),
]
PAIR = "/canary/decide/e1/0"


def as_(token):
    """Return the headers of a browser that holds a person's cookie."""
    return {"Cookie": f"snaptrace_page={token}", "Sec-Fetch-Site": "same-origin"}


def fields(text, **more):
    """Return the hidden fields of a form, with what a person fills in."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w*)"', text))
    return {**hidden, "better": "left", "reason": "wrong_number", **more}


def is_left(text):
    """Return whether the wrong answer, which says 7, stands on the left."""
    left = text.split('class="side left"')[1].split('class="side right"')[0]
    left = re.sub(r"<del.*?</del>|numbers:.*?</p>", "", left, flags=re.DOTALL)
    return "7" in re.sub("<[^>]+>", "", left)


async def decide(client, token, **more):
    """Open the next pair as somebody, decide it, and return the answer."""
    page = await client.get("/canary/decide", headers=as_(token))
    found = fields(await page.text(), **more)
    return page.url.path, await client.post(
        page.url.path, data=found, headers=as_(token), allow_redirects=False
    )


async def test_a_pair_is_decided_blind_and_the_next_one_comes(page):
    """Whoever knows the canary would favour or punish it."""
    client = await page(PAIRS, people=PEOPLE, second_opinions=0.0)
    shown = await client.get("/canary/decide", headers=as_(ANN))
    text = await shown.text()
    assert shown.url.path == PAIR
    assert "assistant-8" not in text
    assert "812 ms" not in text
    assert "control" not in text.split("<main")[1].split("</main")[0]
    where, answer = await decide(client, ANN)
    assert (where, answer.status) == (PAIR, 303)
    assert answer.headers["Location"] == "/canary/decide?done=0"
    following = await client.get("/canary/decide", headers=as_(ANN))
    assert following.url.path == "/canary/decide/e1/2"


async def test_a_decision_is_stored_as_whose_answer_it_was(page):
    """Left would be counted as better whoever stood there."""
    client = await page(PAIRS, people=PEOPLE)
    await decide(client, ANN, better="left")
    (opinion,) = (await OpinionBook(client.store).read("e1")).values()
    left = canary_is_left("e1", 0)
    assert opinion.difference("") == (1 if left else -1)
    assert (opinion.by, opinion.reasons) == ("ann", ("wrong_number",))
    assert (opinion.modality, opinion.scorer, opinion.scored) == (
        ("text", "final_answer", -1)
    )


async def test_a_second_person_sees_the_sides_the_other_way_round(page):
    """A liking for the left would pass for agreement."""
    client = await page(PAIRS, people=PEOPLE, second_opinions=1.0)
    first = await (await client.get(PAIR, headers=as_(ANN))).text()
    await decide(client, ANN, better="left")
    again = await client.get(PAIR, headers=as_(ANN))
    assert "is not open" in await again.text()
    second = await client.get("/canary/decide", headers=as_(BEN))
    text = await second.text()
    assert second.url.path == PAIR
    assert "second opinion" in text

    def order(page_text):
        return (
            "7."
            in re.sub("<[^>]+>", "", page_text.split(">left")[1])[:400].split("right")[
                0
            ]
        )

    assert order(first) != order(text)
    await decide(client, BEN, better="right")
    opinions = await OpinionBook(client.store).read("e1")
    assert opinions[0, 0].difference("") == opinions[0, 1].difference("")
    labels = await (await client.get("/canary/labels", headers=as_(ANN))).text()
    assert "1 of 1" in labels


async def test_two_people_do_not_get_the_same_pair_at_once(page):
    """Two would read the same answers and one decision would be lost."""
    client = await page(PAIRS, people=PEOPLE)
    ann = await client.get("/canary/decide", headers=as_(ANN))
    ben = await client.get("/canary/decide", headers=as_(BEN))
    assert ann.url.path != ben.url.path
    late = fields(await (await client.get(PAIR, headers=as_(BEN))).text())
    assert (await decide(client, ANN))[1].status == 303
    answer = await client.post(PAIR, data=late, headers=as_(BEN))
    assert answer.status == 409
    assert len(await OpinionBook(client.store).read("e1")) == 1


async def test_every_decision_is_in_the_audit_and_none_without_it(page):
    """Nobody could say who let a bad model pass."""
    client = await page(PAIRS, people=PEOPLE)
    await decide(client, ANN, better="right")
    line = json.loads(client.audited[-1])
    assert line["audit"] == "decision"
    assert line["who"].startswith("ann from")
    assert line["what"] == f"POST {PAIR}: right (wrong_number)"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"better": "canary"}, 400),
        ({"better": ""}, 400),
        ({"reason": "because"}, 400),
        ({"reason": ""}, 400),
        ({"turn": "1"}, 409),
        ({"form": "0" * 64}, 403),
        ({"form": ""}, 403),
    ],
)
async def test_what_is_no_decision_is_refused(page, change, status):
    """A broken form would count for the canary."""
    client = await page(PAIRS, people=PEOPLE)
    text = await (await client.get(PAIR, headers=as_(ANN))).text()
    answer = await client.post(PAIR, data=fields(text, **change), headers=as_(ANN))
    assert answer.status == status
    assert await OpinionBook(client.store).read("e1") == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
    ],
)
async def test_a_form_on_another_site_decides_nothing(page, headers):
    """A page elsewhere would decide in the name of whoever opens it."""
    client = await page(PAIRS, people=PEOPLE)
    text = await (await client.get(PAIR, headers=as_(ANN))).text()
    sent = {"Cookie": f"snaptrace_page={ANN}", **headers}
    # Even with a token that was somehow learned.
    answer = await client.post(PAIR, data=fields(text), headers=sent)
    assert answer.status == 403
    assert await OpinionBook(client.store).read("e1") == {}


async def test_a_form_of_another_session_decides_nothing(page):
    """A person could be made to send what somebody else prepared."""
    client = await page(PAIRS, people=PEOPLE)
    bens = fields(await (await client.get(PAIR, headers=as_(BEN))).text())
    answer = await client.post(PAIR, data=bens, headers=as_(ANN))
    assert answer.status == 403


async def test_no_other_kind_of_body_is_taken_for_a_form(page):
    """A JSON or plain text body needs no preflight in some browsers."""
    client = await page(PAIRS, people=PEOPLE)
    text = await (await client.get(PAIR, headers=as_(ANN))).text()
    for kind in ("text/plain", "application/json"):
        answer = await client.post(
            PAIR,
            data=json.dumps(fields(text)),
            headers={**as_(ANN), "Content-Type": kind},
        )
        assert answer.status == 400


async def test_a_script_with_its_own_token_needs_no_form_token(page):
    """No tool of a team could decide without reading HTML."""
    client = await page(PAIRS, people=PEOPLE)
    answer = await client.post(
        PAIR,
        data={"better": "tie", "turn": "0"},
        headers={"Authorization": f"Bearer {ANN}"},
        allow_redirects=False,
    )
    assert answer.status == 303


async def test_whoever_may_only_read_decides_nothing(page):
    """A reader's token would be enough to let a model pass."""
    client = await page(PAIRS, people=PEOPLE)
    reader = as_("rita-token-0123456789")
    assert (await client.get("/canary/pair/e1/0", headers=reader)).status == 200
    for path in ("/canary/decide", PAIR, "/canary/pair/e1/0/pin"):
        assert (await client.get(path, headers=reader)).status == 403
    assert (await client.post(PAIR, data={}, headers=reader)).status == 403
    assert (await client.get("/canary/pair/e1/0/pin", headers=as_(ANN))).status == 403
    operator = as_("olaf-token-0123456789")
    assert (await client.get("/canary/pair/e1/0/pin", headers=operator)).status == 200
    assert (await client.get(PAIR, headers=operator)).status == 200


async def test_a_pair_that_needs_nobody_is_not_open(page):
    """Agreement would be mixed with what nobody was asked about."""
    client = await page(PAIRS, people=PEOPLE)
    shown = await client.get("/canary/decide/e1/1", headers=as_(ANN))
    assert "is not open" in await shown.text()


async def test_an_empty_queue_says_so(page):
    """A person would wait for a page that never comes."""
    client = await page(PAIRS[1:2])
    text = await (await client.get("/canary/decide")).text()
    assert "Nothing to decide" in text
