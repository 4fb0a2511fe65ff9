"""Asking a judge model: blind, both orders, with evidence, within its budget."""

import pytest
from fakes.judge_server import MODEL, FakeJudge, answer, judge_of
from fakes.scoring_cases import answer_of, case_of

from replayd.config import BudgetConfig
from replayd.judge_model.families import family_of
from replayd.judge_model.reading import read_verdict
from replayd.judge_model.rubrics import TASKS, load_rubrics
from replayd.judge_model.tasks import task_of
from snaptrace.runtime.config import ConfigError
from snaptrace.snapshot.model import Media, ToolCall

RIGHT = "The capital is Lisbon."
WRONG = "The capital is Porto."


def capital(**more):
    """Return a case with one fact."""
    return case_of(answer_of(RIGHT), question="What is the capital?", **more)


async def compared(fake, first=RIGHT, second=WRONG, **more):
    """Return what a judge says about two answers."""
    async with judge_of(fake, **more) as judge:
        return await judge.compare(capital(), first, second, {})


async def test_the_better_answer_wins_whichever_side_it_stands_on():
    """A judge with a favourite side would decide verdicts."""
    fake = FakeJudge(wrong=["Porto"])
    found = await compared(fake)
    assert (found.difference, found.reason) == (1, "better")
    assert found.quotes == ("Porto",)
    assert (await compared(fake, WRONG, RIGHT)).difference == -1
    assert (await compared(fake, RIGHT, "It is Lisbon.")).difference == 0


async def test_both_orders_are_asked_and_disagreement_is_a_tie():
    """The first place would win."""
    fake = FakeJudge("prefers_first")
    found = await compared(fake)
    assert (found.difference, found.reason) == (0, "order")
    first, second = (text for _, text in fake.prompts)
    assert answer(first, "answer A") == answer(second, "answer B") == RIGHT


async def test_a_quote_that_nobody_said_is_no_evidence():
    """A preference out of thin air would count."""
    found = await compared(FakeJudge("makes_up_quotes"))
    assert (found.difference, found.reason) == (0, "unsupported")


@pytest.mark.parametrize(
    ("policy", "reason", "calls"), [("away", "away", 2), ("babbles", "unreadable", 1)]
)
async def test_an_absent_judge_scores_nobody(policy, reason, calls):
    """An outage of the judge would be a low score."""
    fake = FakeJudge(policy)
    found = await compared(fake)
    assert (found.difference, found.reason) == (None, reason)
    assert len(fake.prompts) == calls


async def test_the_judge_has_a_budget_of_its_own():
    """Judging would spend what was meant for replays, or without end."""
    fake = FakeJudge(wrong=["Porto"])
    async with judge_of(fake, budget=BudgetConfig(requests_per_day=3)) as judge:
        assert (await judge.compare(capital(), RIGHT, WRONG, {})).difference == 1
        found = await judge.compare(capital(), RIGHT, WRONG, {})
    assert (found.difference, found.reason) == (None, "budget")
    assert len(fake.prompts) == 3


async def test_what_it_costs_is_counted():
    """Money spent on judging would appear nowhere."""
    found = await compared(FakeJudge(wrong=["Porto"]))
    assert (found.cost.requests, found.cost.input_tokens) == (2, 22)
    assert found.cost.money == pytest.approx(2 * (11 + 2 * 7) / 1e6)
    assert found.cost.served_model == MODEL


async def test_nobody_is_named_and_temperature_is_zero():
    """A judge that knows whose answer it is has favourites."""
    seen = []
    fake = FakeJudge()

    def server(body):
        seen.append(body)
        return fake(body)

    await compared(server)
    assert [body["temperature"] for body in seen] == [0, 0]
    assert "canary" not in str(seen).casefold()
    assert "production" not in str(seen).casefold()
    assert all(RIGHT in answer(text, "reference") for _, text in fake.prompts)


async def test_the_judge_sees_the_image():
    """A chart would be judged by the words about it."""
    medium = Media(kind="image", mime="image/png", state="inline", digest="d")
    case = capital(media=(medium,), modality="image")
    fake = FakeJudge()
    async with judge_of(fake) as judge:
        await judge.compare(case, RIGHT, WRONG, {0: b"\x89PNG"})
    url = fake.parts[0][1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")


@pytest.mark.parametrize("api", ["anthropic_messages", "gemini_generate_content"])
async def test_other_providers_can_be_asked(api):
    """A judge would have to speak OpenAI's API."""
    seen = []

    def server(body):
        seen.append(body)
        return 503

    found = await compared(server, api=api)
    assert found.reason == "away"
    assert RIGHT in str(seen[0])


def test_every_task_has_a_rubric_with_a_version():
    """A case would be judged by nothing."""
    rubrics = load_rubrics()
    assert set(rubrics.by_task) == set(TASKS)
    assert rubrics.by_task["chart"].name == "chart@1"
    assert all(len(rubrics.by_task[task].text) > 200 for task in TASKS)


def test_an_edited_rubric_is_another_judge(tmp_path):
    """An edit would change verdicts within an epoch."""
    own = "---\ntask: prose\nversion: 2-shop\n---\n\nPrices decide.\n"
    (tmp_path / "ours.md").write_text(own)
    rubrics = load_rubrics(str(tmp_path))
    assert rubrics.by_task["prose"].name == "prose@2-shop"
    assert rubrics.digest != load_rubrics().digest
    (tmp_path / "ours.md").write_text(own.replace("prose", "verse"))
    with pytest.raises(ConfigError, match=r"replayd\.judge\.rubrics"):
        load_rubrics(str(tmp_path))


@pytest.mark.parametrize(
    ("question", "recorded", "more", "task"),
    [
        ("Read the chart.", "A: 1", {"modality": "image"}, "chart"),
        ("What is in row 3 of the table?", "7", {"modality": "image"}, "table"),
        ("Which button saves?", "Save", {"modality": "image"}, "screenshot"),
        ("What is the total of the invoice?", "7", {"modality": "image"}, "document"),
        ("What do you see?", "A dog.", {"modality": "image"}, "photo"),
        ("", "hello there", {"modality": "audio"}, "transcript"),
        ("Answer the caller.", "At nine.", {"modality": "audio"}, "spoken_answer"),
        ("Write a Python function.", "def f(): ...", {}, "code"),
        ("Why is the sky blue?", "Scattering.", {}, "prose"),
        ("How to?", "I'm sorry, but I can't help with that.", {}, "refusal"),
    ],
)
def test_the_rubric_follows_from_request_and_recording(question, recorded, more, task):
    """A chart would be judged like a poem."""
    assert task_of(case_of(answer_of(recorded), question=question, **more)) == task


def test_tool_calls_are_shown_to_the_judge():
    """Two different calls would look alike."""
    case = case_of(answer_of(calls=[{"name": "book", "arguments": "{}"}]))
    assert task_of(case) == "tool_use"
    assert case.reference.tool_calls == (ToolCall(name="book", arguments="{}"),)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ('{"better": "a", "errors_b": [{"quote": "is Porto"}]}', "a"),
        ('Well. ```json\n{"better": "a", "errors_b": [{"quote": "PORTO"}]}\n```', "a"),
        ('{"better": "a", "errors_b": [{"quote": "Port"}]}', "tie"),
        ('{"better": "a", "errors_b": []}', "tie"),
        ('{"better": "a", "errors_a": [{"quote": "Lisbon"}]}', "tie"),
        ('{"better": "b", "errors_a": [{"quote": "“Lisbon”"}]}', "b"),
        ('{"better": "tie"}', "tie"),
        ('{"better": "A"}', None),
        ("[" * 30_000, None),
        ("{" * 30_000, None),
        ("", None),
    ],
)
def test_verdicts_are_read_strictly(text, better):
    """Half a verdict would become one."""
    found = read_verdict(text, (RIGHT, WRONG), RIGHT, (False, False))
    assert (found.better if found else None) == better


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-6-mini", "openai"),
        ("openai/gpt-6", "openai"),
        ("eu.anthropic.claude-7-v1:0", "anthropic"),
        ("gemma-4-2b", "google"),
        ("meta-llama/Llama-5", "meta"),
        ("assistant-8", "assistant"),
        ("assistant-7", "assistant"),
    ],
)
def test_families_are_known_by_name(model, family):
    """A model would judge its sister."""
    assert family_of(model) == family
