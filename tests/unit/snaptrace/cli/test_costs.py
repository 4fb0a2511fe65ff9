"""`snaptrace plan | budget`: what they print of a replayd's words."""

import json

import pytest
from fakes.pair_results import START
from fakes.served_gate import plans, served

from replayd.budget.limits import Amount, Budgets
from replayd.config import BudgetConfig
from snaptrace import cli


def test_a_budget_says_limit_use_and_end(capfdbinary):
    """If it failed, nobody could tell why nothing is sent any more."""
    budgets = Budgets(
        BudgetConfig(requests_per_hour=10),
        {"audio": BudgetConfig(money_per_day=2.0)},
    )
    budgets.reserve("audio", Amount(requests=4, money=1.5), START)
    lines = budgets.lines(START)
    with served(lines=lines) as url:
        assert cli.main(["budget", "--url", url]) == 0
        shown = capfdbinary.readouterr().out.decode()
        assert cli.main(["budget", "--url", url, "--format", "json"]) == 0
        told = json.loads(capfdbinary.readouterr().out)["budgets"]
    assert "all requests a hour" in shown
    assert "audio money a day" in shown
    assert "40%" in shown
    assert "75%" in shown
    assert [(line["limit"], line["used"]) for line in told] == [(10, 4), (2, 1.5)]
    assert all(line["resets_at_ns"] > START for line in told)


def test_a_plan_says_pairs_hours_and_money(capfdbinary):
    """If it failed, a person would find out the price of a verdict by paying it."""
    prices = {"new": {"input": 10, "output": 0}, "old": {"input": 20, "output": 0}}
    found = plans(
        prices=prices,
        schedule={"second_control_share": 0.0},
        control_rate={"per_minute": 1e6},
    )
    with served(found=found) as url:
        assert cli.main(["plan", "--url", url]) == 0
        shown = capfdbinary.readouterr().out.decode()
        assert cli.main(["plan", "--url", url, "--format", "json"]) == 0
        (told, *_) = json.loads(capfdbinary.readouterr().out)["canary"]
    assert "find a drop of 10 points" in shown
    assert "held up by fresh_cases" in shown
    for need in told["needs"]:
        pairs = need["pairs"]["p90"]
        assert need["hours"] == pytest.approx(pairs / 1000)
        assert need["money"] == pytest.approx(pairs * 0.03)
        assert f"{need['money']:,.2f}" in shown
    assert [need["goal"] for need in told["needs"]] == [
        "pass",
        "find 0.03",
        "find 0.05",
        "find 0.10",
    ]


def test_a_margin_out_of_the_budget_is_said(capfdbinary):
    """If it failed, a verdict that can never come would be waited for."""
    found = plans(budget={"requests_per_day": 4})
    with served(found=found) as url:
        assert cli.main(["plan", "--url", url]) == 0
    shown = capfdbinary.readouterr().out.decode()
    assert "out of reach" in shown
    assert "budget:requests_per_day" in shown


def test_without_a_replayd_nobody_can_tell(capfdbinary):
    """If it failed, a pipeline would take silence for a plan."""
    assert cli.main(["plan", "--url", "http://127.0.0.1:9"]) == 3
    assert cli.main(["budget", "--url", "http://127.0.0.1:9"]) == 3
    assert b"no replayd answers" in capfdbinary.readouterr().err


def test_the_configured_token_is_sent(tmp_path, capfdbinary):
    """If it failed, whoever guards replayd could no longer ask it."""
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    lines = Budgets(BudgetConfig(requests_per_hour=10), {}).lines(START)
    with served(lines=lines, token="s3cret") as url:
        options = ["budget", "--url", url]
        assert cli.main(options) == 3
        given = ["--set", f"replayd.page_token_file={file}"]
        assert cli.main([*options, *given]) == 0
    assert b"requests" in capfdbinary.readouterr().out
