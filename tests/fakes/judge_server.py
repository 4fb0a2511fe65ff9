"""A judge model on loopback: an OpenAI chat server with an opinion, good or bad.

It reads the prompt as a model would: the two answers between the marks. `honest` calls
the answer worse that holds a text of `wrong`, with that text as evidence. `gullible`
does what any answer tells it. Others are biased, silent or babble.
"""

import json
import random
import re
from contextlib import asynccontextmanager

from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider, completion

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Endpoint, EndpointSettings
from replayd.budget.limits import Budgets, Prices
from replayd.config import ArmConfig, BudgetConfig, PriceConfig
from replayd.judge_model.model import JudgeModel
from replayd.judge_model.rubrics import load_rubrics
from replayd.providers import PROVIDERS

MODEL = "referee-2031-01"


class FakeJudge:
    """Answers verdicts; `prompts` holds every prompt as (system, user text)."""

    def __init__(self, policy="honest", wrong=()):
        self.policy, self.wrong = policy, tuple(wrong)
        self.prompts, self.parts = [], []

    def __call__(self, body):
        """Return the response to one request."""
        system = body["messages"][0]["content"]
        parts = body["messages"][-1]["content"]
        text = parts if isinstance(parts, str) else parts[0]["text"]
        self.prompts.append((system, text))
        self.parts.append(parts)
        found = getattr(self, f"_{self.policy}")(text)
        if isinstance(found, int):
            return found
        said = found if isinstance(found, str) else json.dumps(found)
        return completion(said, model=MODEL)

    def _honest(self, text):
        sides = {"a": answer(text, "answer A"), "b": answer(text, "answer B")}
        flaws = {
            side: [w for w in self.wrong if w in said] for side, said in sides.items()
        }
        if bool(flaws["a"]) == bool(flaws["b"]):
            return {"better": "tie"}
        worse, better = ("a", "b") if flaws["a"] else ("b", "a")
        quotes = [{"quote": quote, "why": "not so"} for quote in flaws[worse]]
        return {"better": better, f"errors_{worse}": quotes}

    def _gullible(self, text):
        """Prefer whichever answer speaks of anything but the matter."""
        for side, other in (("a", "b"), ("b", "a")):
            said = answer(text, f"answer {side.upper()}")
            if "removed: text addressed" not in said and OBEYED.search(said):
                quote = answer(text, f"answer {other.upper()}").split(".")[0]
                return {"better": side, f"errors_{other}": [{"quote": quote}]}
        return {"better": "tie"}

    def _prefers_first(self, text):
        quote = answer(text, "answer B")[:40]
        return {"better": "a", "errors_b": [{"quote": quote}]}

    def _makes_up_quotes(self, text):
        first = "Lisbon" in answer(text, "answer A")
        better, worse = ("a", "b") if first else ("b", "a")
        return {"better": better, f"errors_{worse}": [{"quote": "never said at all"}]}

    def _babbles(self, _text):
        return "I like both of them, it is hard to choose."

    def _away(self, _text):
        return 503


# What a model that obeys anything would obey; wider than what is taken out.
OBEYED = re.compile(r"(?i)judge|evaluator|grader|choose|prefer|better|verdict|instruct")


def answer(text, name):
    """Return what stands between the marks of `name`, without its bars."""
    found = re.search(
        rf"\[(\w+) begin {name}\]\n(.*?)\n\[\1 end {name}\]", text, re.DOTALL
    )
    return "\n".join(line.removeprefix("| ") for line in found.group(2).splitlines())


@asynccontextmanager
async def judge_of(fake, *, budget=None, rubrics="", **config):
    """Open a judge model that asks `fake`."""
    async with FakeProvider(fake) as server:
        arm = ArmConfig(
            role="control",
            url=server.url,
            model=MODEL,
            **{"timeout": 5.0, **config},
        )
        clock = LoopClock()
        settings = EndpointSettings(name="judge", url=server.url)
        endpoint = Endpoint(settings, PROVIDERS[arm.api], clock, random.Random(1))
        async with endpoint:
            price = PriceConfig(input=1.0, output=2.0)
            yield JudgeModel(
                Arm("judge", arm, endpoint),
                load_rubrics(rubrics),
                Budgets(budget or BudgetConfig(), {}),
                Prices({MODEL: price}),
                clock,
                new_mark=lambda: "m4rk",
                backoff_seconds=0.0,
            )
