"""The inspection page: what it shows, to whom, and what it refuses."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from fakes.judged_epoch import KEY, image_pair, said, text_pair
from fakes.pair_results import START
from fakes.shown_page import example_pairs

from replayd.drills.certificate import (
    Certificate,
    Dependence,
    Sensitivity,
    store_certificate,
)
from replayd.http.page import PageServer, PageSettings
from replayd.http.page.formatting import age, bar, paged, signed
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address, ConfigError
from snaptrace.snapshot import object_names
from snaptrace.store.audit import Audit
from snaptrace.store.tombstones import write_tombstone

NOTHING = (lambda: None, None, KEY)
AUDITED = {"audit": Audit("", print), "clock": SystemClock()}
SPECIFICATION = Path(__file__).parents[5] / "docs/specs/openapi.json"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}} \"'&"
OWN_SCRIPT = r'<script src="/(?:page|media)\.js" defer></script>'


def described(route, method, status):
    """Return a validator of the body that the OpenAPI document promises."""
    tree = json.loads(SPECIFICATION.read_text("utf-8"))
    answer = tree["paths"][route][method]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": tree["components"]})


PAIRS = [
    image_pair(0, "North: 42\nSouth: 3100\nEast: 875"),
    text_pair(1, "The total is 42."),
    text_pair(2, said("", "timeout")),
]


async def test_from_overview_to_pair_to_picture(page):
    """An alert would not lead to the case that caused it."""
    client = await page(PAIRS)
    overview = await (await client.get("/")).text()
    assert "canary" in overview
    assert 'href="/canary/image"' in overview
    pairs = await (await client.get("/canary/image")).text()
    (link,) = set(re.findall(r'href="(/canary/pair/[^"]+)"', pairs))
    pair = await (await client.get(link)).text()
    assert "North: 4210" in pair
    assert '<ins class="number">42</ins>' in pair
    assert "Read every value." in pair
    (source,) = re.findall(r'<img src="([^"]+)"', pair)
    medium = await client.get(source)
    assert medium.content_type == "image/png"
    assert (await medium.read()).startswith(b"\x89PNG")
    assert "sandbox" in medium.headers["Content-Security-Policy"]


async def test_the_certificate_says_what_is_caught_and_what_is_not(page):
    """A pass would be shown without a word on what it cannot see."""
    client = await page(PAIRS)
    assert "Known faults" not in await (await client.get("/canary/image")).text()
    rows = [
        Sensitivity(
            modality="image",
            fault=fault,
            rate=rate,
            pairs=50,
            applies=24,
            standing="caught" if after else "not_caught",
            caught_share=1.0 if after else 0.25,
            after=after,
            after_low=after,
            after_high=after,
            stream="quality" if after else "",
            harmless=harmless,
        )
        for fault, rate, after, harmless in (
            ("row_dropped", 1.0, 38, False),
            ("row_dropped", 0.1, None, False),
            ("unit_changed", 1.0, None, False),
            ("key_order", 1.0, None, True),
        )
    ]
    made = Certificate(
        kind="share",
        source="request",
        made_at_ns=1,
        software="",
        orders=20,
        most_pairs=1000,
        alpha=0.05,
        margins={"image": 0.05},
        rows=tuple(rows),
        dependence=(Dependence(modality="image", cases=20, independent=7),),
    )
    await store_certificate(client.store, made)
    shown = await (await client.get("/canary/image")).text()
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert (
        "row dropped 24 of 50 38 [38, 38] not caught in 25% of orders quality" in text
    )
    assert "unit changed 24 of 50 not caught" in text
    assert "key order 24 of 50 harmless: an alarm in 25% of orders" in text
    assert "7 of 20 cases are answered as well without their medium" in text
    assert "Known faults" not in await (await client.get("/canary/text")).text()


async def test_everything_said_by_others_is_escaped(page):
    """A prompt or an answer could run in the on-call person's browser."""
    call, _, control, blob = image_pair(0, "")
    client = await page([(call, HOSTILE + " North: 1", control, blob)])
    text = await (await client.get(f"/canary/pair/{client.epoch.epoch}/0")).text()
    text = re.sub(OWN_SCRIPT, "", text)
    assert "<script" not in text
    text = re.sub(r"</?(?:ins|del)(?: class=\"number\")?>", "", text)
    assert "<script" not in text
    assert "onerror=alert(2)&gt;" in text
    assert "{{7*7}}" in text


async def test_rules_for_the_browser_come_with_every_answer(page):
    """One forgotten page would load, frame or run what it should not."""
    client = await page(PAIRS)
    for path in ("/", "/canary/image", "/page.css", "/token", "/nowhere", "/a/b"):
        answer = await client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_nothing_from_elsewhere_and_no_inline_script(page):
    """The page would break offline, tell others who looks at what, or run a prompt."""
    client = await page(PAIRS)
    pair = f"/canary/pair/{client.epoch.epoch}/0"
    for path in ("/", "/canary/image", pair, "/token", "/page.css"):
        text = await (await client.get(path)).text()
        text = re.sub(OWN_SCRIPT, "", text)
        assert not re.search(r"(?:https?:)?//\w|<script|@import| style=| on\w+=", text)


@pytest.mark.parametrize("listen", ["0.0.0.0:9466", "[::]:9466", "10.0.0.5:0"])
def test_a_wider_address_needs_a_token(listen):
    """Prompts of real users would stand open in the cluster."""
    with pytest.raises(ConfigError, match="page_token_file"):
        PageServer(PageSettings(listen=Address(listen)), *NOTHING, **AUDITED)
    settings = PageSettings(listen=Address(listen), token="s3cret")
    PageServer(settings, *NOTHING, **AUDITED)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_this_machine_needs_none(listen):
    """A first look would take a configuration."""
    PageServer(PageSettings(listen=Address(listen)), *NOTHING, **AUDITED)


async def test_a_token_guards_pages_and_media(page):
    """Whoever guesses a number could read a prompt."""
    client = await page(PAIRS, token="s3cret")
    medium = f"/canary/pair/{client.epoch.epoch}/0/media/0"
    for path in ("/canary/image", f"/canary/pair/{client.epoch.epoch}/0", medium):
        assert (await client.get(path)).status == 401
        wrong = {"Authorization": "Bearer s3cre"}
        assert (await client.get(path, headers=wrong)).status == 401
        right = {"Authorization": "Bearer s3cret"}
        assert (await client.get(path, headers=right)).status == 200


async def test_a_person_gives_the_token_once(page):
    """People would paste tokens into addresses, where logs keep them."""
    client = await page(PAIRS, token="s3cret")
    first = await client.get("/")
    assert first.url.path == "/token"
    refused = await client.post("/token", data={"token": "guess"})
    assert refused.status == 401
    granted = await client.post(
        "/token", data={"token": "s3cret"}, allow_redirects=False
    )
    assert granted.status == 303
    cookie = granted.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_name_that_is_not_ours_is_refused(page):
    """A page elsewhere could point its own name at this machine and read along."""
    client = await page(PAIRS)
    answer = await client.get("/canary/image", headers={"Host": "evil.example:9466"})
    assert answer.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/nobody/image",
        "/canary/smell",
        "/canary/pair/e1/99",
        "/canary/pair/e1/-1",
        "/canary/pair/e1/1e9",
        "/canary/pair/nowhere/0",
        "/canary/pair/e1/0/media/7",
        "/canary/pair/e1/1/media/0",
        "/canary/pair/..%2f..%2fv1/0",
    ],
)
async def test_what_is_not_there_is_not_found(page, path):
    """A typing error would be a traceback, or a way through the store."""
    client = await page(PAIRS)
    assert (await client.get(path)).status == 404


async def test_whoever_reads_content_is_put_down(page):
    """Nobody could say who saw a customer's picture."""
    client = await page(PAIRS)
    number = f"/canary/pair/{client.epoch.epoch}/0"
    await client.get("/")
    await client.get("/canary/image")
    assert client.audited == []
    await client.get(number, headers={"X-User": "ann@example.org"})
    await client.get(f"{number}/media/0")
    first, second = map(json.loads, client.audited)
    assert first["who"] == "ann@example.org from 127.0.0.1"
    assert first["what"] == f"GET {number}"
    assert len(first["snapshots"]) == 1
    assert second["who"] == "this machine from 127.0.0.1"
    assert second["what"].endswith("/media/0")


async def test_what_cannot_be_put_down_is_not_shown(page, tmp_path):
    """A full disk would open a way around the audit."""
    client = await page(PAIRS, audit=Audit(f"{tmp_path}/missing/audit.jsonl", print))
    answer = await client.get(f"/canary/pair/{client.epoch.epoch}/0")
    assert answer.status == 503
    assert "nothing was shown" in await answer.text()


async def test_an_erased_person_is_gone_with_the_tombstone(page):
    """A name would be shown for as long as the rewriting takes."""
    client = await page(PAIRS)
    path = f"/canary/pair/{client.epoch.epoch}/0"
    assert "erased" not in await (await client.get(path)).text()
    trace_id = PAIRS[0][0].trace_id
    await write_tombstone(client.store, KEY.subject("trace", trace_id), START * 2)
    shown = await (await client.get(path)).text()
    assert "erased" in shown
    assert (await client.get(f"{path}/media/0")).status == 404


async def test_damaged_results_are_said_not_guessed(page):
    """A list would be shown as if it were whole."""
    client = await page(PAIRS)
    await client.store.delete(object_names.result(client.epoch.epoch, 1))
    answer = await client.get("/canary/image")
    assert answer.status == 503
    assert "yield no verdict" in await answer.text()


async def test_a_standby_says_that_it_is_one(page):
    """Old verdicts would be read as the present ones."""
    client = await page(PAIRS, leading=False)
    assert "does not lead" in await (await client.get("/")).text()


@pytest.mark.parametrize(
    ("wanted", "number"), [("", 1), ("2", 2), ("9", 3), ("-1", 1), ("x", 1), ("²", 1)]
)
def test_pages_of_a_list(wanted, number):
    """A bad query would be an error, or an empty page."""
    page = paged(list(range(55)), wanted, 25)
    assert (page.number, page.pages) == (number, 3)
    assert page.rows


def test_numbers_as_people_read_them():
    """A difference of 3e-05 or an age in seconds would have to be worked out."""
    assert signed(-0.0312) == "−0.031"  # noqa: RUF001 - a real minus sign
    assert signed(None) == "–"  # noqa: RUF001 - a dash
    assert [age(5), age(90), age(7200), age(200_000)] == ["5 s", "2 min", "2 h", "2 d"]


def test_the_bar_stays_on_its_line():
    """An interval of the whole range would be drawn outside the table."""

    class Stream:
        margin, difference, interval = 0.03, None, (-1.0, 1.0)

    drawn = bar(Stream)
    assert (drawn.low, drawn.high, drawn.mean) == (0.0, 100.0, None)
    assert drawn.margin == pytest.approx(30.0)


async def test_a_list_is_filtered_and_its_links_keep_the_filter(page):
    """An alert's link would end in every pair, or lose its filter at the next page."""
    client = await page(example_pairs(80))
    text = await (await client.get("/canary/pairs?change=worse&modality=image")).text()
    assert "<b>8</b> of 80 pairs" in text
    links = re.findall(r'class="row" href="([^"]+)"', text)
    assert len(links) == 8
    assert all(link.endswith("?modality=image&amp;change=worse") for link in links)
    everything = await (await client.get("/canary/pairs?order=newest&page=2")).text()
    assert 'href="?order=newest&amp;page=3"' in everything
    assert ">#54</a>" in everything


async def test_a_filter_that_makes_no_sense_is_said(page):
    """A typing error would look like an epoch without failures."""
    client = await page(PAIRS)
    answer = await client.get("/canary/pairs?change=<b>sideways")
    assert answer.status == 400
    text = await answer.text()
    assert "change: one of worse" in text
    assert "<b>sideways" not in text


async def test_a_forms_address_holds_what_was_asked_only(page):
    """A shared link would be a line of empty fields, and name slices nobody has."""
    client = await page(PAIRS)
    answer = await client.get("/canary/pairs?modality=&change=worse&stream=&text=")
    assert str(answer.url.query_string) == "change=worse"
    assert 'name="slice"' not in await answer.text()


async def test_a_browser_gets_a_refusal_as_a_page(page):
    """A stale link would end in a bare line of text without a way on."""
    client = await page(PAIRS)
    browser = {"Accept": "text/html,*/*"}
    for path, words in (
        ("/canary/pair/e1/999", "No such pair."),
        ("/nowhere/at/all/of/it", "Nothing has this address."),
        ("/nobody/image", "No such canary."),
    ):
        answer = await client.get(path, headers=browser)
        assert (answer.status, answer.content_type) == (404, "text/html")
        text = await answer.text()
        assert words in text
        assert '<a href="/">All canaries</a>' in text
        assert (await client.get(path)).content_type == "text/plain"
    assert (
        "the pairs of canary"
        in await (await client.get("/canary/pair/e1/999", headers=browser)).text()
    )


async def test_the_same_pairs_as_json_without_content(page):
    """A script would have to read HTML, or be given prompts with the numbers."""
    client = await page(PAIRS)
    answer = await client.get("/api/v1/pairs/canary?change=worse&limit=1")
    shown = await answer.json()
    described("/api/v1/pairs/{canary}", "get", 200).validate(shown)
    assert (shown["total"], shown["of"], shown["pages"]) == (2, 3, 2)
    assert shown["pairs"][0]["outcome"] == "timeout"
    assert "Read every value" not in await answer.text()
    assert (await client.get("/api/v1/pairs/canary?since=x")).status == 400
    assert (await client.get("/api/v1/pairs/nobody")).status == 404
    assert (await client.get("/api/v1/pairs/canary?epoch=nowhere")).status == 404


async def test_evidence_is_plotted_and_undecided_is_explained(page):
    """A reader would see a word, and neither its reasons nor what it waits for."""
    client = await page(example_pairs(60))
    overview = await (await client.get("/")).text()
    assert overview.count('class="course"') == 2
    assert "30 of about" in overview
    assert "does worse in quality" in overview
    modality = await (await client.get("/canary/image")).text()
    assert modality.count('class="course"') == 3
    assert "lost: no body 5" in modality
    assert "No pair whose control was asked twice" in modality
    (band,) = set(re.findall(r'class="band" d="(M[^"]+Z)"', overview.split("text")[0]))
    assert "nan" not in band


async def test_a_damaged_epoch_leaves_the_overview(page):
    """One broken object would take every verdict off the page."""
    client = await page(PAIRS)
    await client.store.delete(object_names.result(client.epoch.epoch, 1))
    answer = await client.get("/")
    assert answer.status == 200
    assert 'class="course"' not in await answer.text()
