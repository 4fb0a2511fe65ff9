"""Every PromQL expression of the alert rules and dashboards."""

import json

import yaml
from rendered import ROOT

RULES = ROOT / "deploy" / "alerts" / "snaptrace.rules.yaml"
DASHBOARDS = sorted((ROOT / "deploy" / "dashboards").glob("*.json"))
VARIABLES = {"$canary": "next", "$modality": "text", "$__rate_interval": "5m"}


def rules():
    """Yield every alert."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


def panels(board):
    """Yield every panel, those inside rows too."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def substituted(expr):
    """Return an expression with Grafana's variables filled in."""
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def expressions():
    """Yield (where, expression) of every rule, panel and variable."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        for panel in panels(board):
            for target in panel.get("targets", []):
                yield f"{path.stem}: {panel['title']}", substituted(target["expr"])
