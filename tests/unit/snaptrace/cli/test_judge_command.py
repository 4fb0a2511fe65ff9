"""`snaptrace worksheet | judge` as people run them."""

import asyncio
import json
import threading

from fakes.judge_server import MODEL, FakeJudge
from fakes.judged_epoch import store_epoch, text_pair
from fakes.provider import FakeProvider

from snaptrace.cli import main


def test_the_worksheet_holds_what_people_should_decide(tmp_path, capfd):
    """Nobody could label what a judge is corrected by."""
    key = tmp_path / "fleet.key"
    key.write_bytes(b"k" * 32)
    url = f"file://{tmp_path / 'store'}"
    pairs = [
        text_pair(0, "The total is 42."),
        text_pair(1, "The total is 24."),
        text_pair(2, "The total is 13."),
    ]
    asyncio.run(store_epoch(pairs, url=url))
    decided = tmp_path / "decisions.jsonl"
    decided.write_text('{"epoch": "e1", "number": 2, "better": "tie"}\n')
    arms = {
        "canary": {
            "role": "canary",
            "url": "http://c/v1",
            "model": "m",
            "decisions": str(decided),
        }
    }
    code = main(
        [
            "worksheet",
            *("--set", f"store.url={url}"),
            *("--set", f"store.key_file={key}"),
            *("--set", f"replayd.arms={json.dumps(arms)}"),
        ]
    )
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert code == 0
    assert [row["number"] for row in rows] == [1]
    assert "canary" not in rows[0]


def test_a_judge_is_measured_before_it_is_trusted(tmp_path, capfd):
    """A team would learn from a verdict that its judge is poor."""
    rows = [
        {
            "id": str(number),
            "task": "prose",
            "question": "Is it shut?",
            "reference": f"Gate {number} is shut.",
            "left": f"Gate {number} is shut.",
            "right": f"Gate {number} is ajar.",
            "better": "left",
        }
        for number in range(4)
    ]
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text("\n".join(json.dumps(row) for row in rows))
    with served(FakeJudge(wrong=["ajar"])) as url:
        judge = {"url": url, "model": MODEL, "labelled": str(labelled)}
        settings = ["--set", f"replayd.judge={json.dumps(judge)}"]
        assert main(["judge", *settings]) == 0
        table = capfd.readouterr().out
        assert main(["judge", *settings, "--format", "json"]) == 0
    assert "prose" in table
    assert "is only shown" in table
    report = json.loads(capfd.readouterr().out)
    assert report["tasks"] == {"prose": [4, 4]}
    assert (report["right"], report["standing"]) == (4, "shown")
    assert main(["judge"]) != 0


class served:  # noqa: N801 - reads as a word in a with statement
    """A fake provider in a loop of its own, for commands that run theirs."""

    def __init__(self, answer):
        self._answer = answer
        self._up, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        self._up.wait(10)
        return self._url

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def _run(self):
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        self._stop = asyncio.Event()
        async with FakeProvider(self._answer) as server:
            self._url = server.url
            self._up.set()
            await self._stop.wait()
