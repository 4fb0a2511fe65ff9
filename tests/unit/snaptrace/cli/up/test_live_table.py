"""`snaptrace.cli.up.live_table`: what the live table shows of two programs' words."""

import io

from rich.console import Console

from snaptrace.cli.up import live_table

VERDICTS = {
    "canaries": {
        "canary": {
            "modalities": {
                "image": {
                    "verdict": "regressed",
                    "deciding": "quality",
                    "replays": 41,
                    "difference": -0.42,
                    "interval": [-0.6, -0.2],
                    "canary_score": 0.55,
                    "control_score": 0.97,
                },
                "audio": {
                    "verdict": "undecided",
                    "replays": 12,
                    "protected": {"accented": {"verdict": "regressed", "replays": 30}},
                },
            }
        }
    }
}


def _reading():
    return live_table.TableReading(
        seen={"image": 90}, kept={"image": 60}, verdicts=VERDICTS
    )


def test_a_row_says_everything_a_watcher_needs():
    """A person would have to open another tool to see how far a modality is."""
    out = io.StringIO()
    rows = _reading().rows("canary", ("text", "image", "audio"))
    Console(file=out, width=110).print(live_table.render(rows, "title"))
    shown = out.getvalue()
    image = next(line for line in shown.splitlines() if line.startswith("image"))
    for part in ("90", "60", "41", "0.550", "0.970", "-0.420 [-0.60, -0.20]"):
        assert part in image
    assert "regressed  quality" in image
    assert "waiting" in next(x for x in shown.splitlines() if x.startswith("text"))
    assert "  accented" in shown


def test_a_slice_cannot_hide_behind_its_modality():
    """The collapse of a protected slice would not end the demonstration."""
    assert _reading().words("canary", "audio") == {
        "audio": "undecided",
        "audio/accented": "regressed",
    }


def test_one_line_for_a_pipe():
    """A log would be filled with escape codes and boxes."""
    line = live_table.line(_reading().rows("canary", ("image",)))
    assert line == "image: 41 replays, regressed"
