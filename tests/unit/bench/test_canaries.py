"""The bench of wrong canaries: its material, and that its verdicts follow from it."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from msgspec import structs

BENCH = Path(__file__).parents[3] / "bench"
sys.path.append(str(BENCH))

from canaries.__main__ import keep  # noqa: E402
from canaries.material import MATERIAL, instances  # noqa: E402
from canaries.runs import Pairs, run  # noqa: E402

CASE = tomllib.loads((BENCH / "cases" / "canaries.toml").read_text())
TRANSCRIPTS = frozenset({"transcript"})


@pytest.mark.parametrize("name", sorted(p.stem for p in MATERIAL.glob("*.toml")))
def test_material_is_what_it_says(name):
    """A wrong answer that is also listed as right would make every scorer look bad."""
    for each in instances(name, "worse", frozenset()):
        same = [arm.answer for arm in each.same]
        worse = [arm.answer for arm in each.worse]
        assert len(same) > 2
        assert len(worse) > 1
        said = [(a.text, a.tool_calls) for a in (*same, *worse)]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize("name", sorted(CASE["scenario"]))
def test_scenarios_have_material(name):
    """A scenario over nothing would pass."""
    row = CASE["scenario"][name]
    kinds = frozenset(row.get("kinds", ()))
    found = instances(row["material"], row.get("wrong", "worse"), kinds)
    assert len(found) >= 3
    assert {each.case.modality for each in found} == {row["modality"]}


def test_a_canary_wrong_in_every_answer_is_found_and_its_twin_is_not():
    """The bench would report on something else than its answers."""
    asked = Pairs(instances("tools", "worse", frozenset()))
    beside = [Pairs(instances("numbers", "worse", TRANSCRIPTS))]
    *_, bad = run(asked, beside, wrong_share=1.0, pairs=150, seed=1)
    *_, twin = run(asked, beside, wrong_share=0.0, pairs=300, seed=1)
    assert bad.verdicts["text"] == "regressed"
    assert bad.verdicts["audio"] != "regressed"
    assert twin.verdicts["text"] != "regressed"


def test_ruined_prose_without_a_scorer_never_passes():
    """Six in ten answers are prose, all ruined, none scored: the gate said pass."""
    prose = Pairs(instances("prose", "worse", frozenset()))
    for key, result in prose.results.items():
        streams = {k: v for k, v in result.streams.items() if k != "quality"}
        prose.results[key] = structs.replace(result, streams=streams)
    tools = Pairs(instances("tools", "worse", frozenset()))
    for look in run(Both(prose, tools, 0.6), [], wrong_share=0.0, pairs=700, seed=3):
        assert look.verdicts["text"] == "undecided"
    assert look.view.reason == "unscored"
    assert look.view.streams["quality"].verdict == "pass"


class Both:
    """Pairs of two kinds in one modality; the first kind is always wrong."""

    def __init__(self, ruined, right, share):
        self._ruined, self._right, self._share = ruined, right, share
        self.results = ruined.results

    def draw(self, rng, *, wrong_share, judge=None):
        """Return a ruined pair, or a right one."""
        if rng.random() < self._share:
            return self._ruined.draw(rng, wrong_share=1.0)
        return self._right.draw(rng, wrong_share=wrong_share)


def test_a_run_of_one_scenario_keeps_the_others(tmp_path):
    """`--keep --only` would throw away what the other scenarios came to."""
    file = tmp_path / "canaries.json"
    keep(file, {"load": {"runs": 20}, "scenarios": {"a": {"found": 1}, "b": {}}})
    keep(file, {"load": {"runs": 10}, "scenarios": {"b": {"found": 2}}})
    kept = json.loads(file.read_text())
    assert kept["scenarios"] == {"a": {"found": 1}, "b": {"found": 2}}
