"""Dashboards as code: `python -m deploy.generate` writes the JSON beside this file."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.dashboards import fleet, overview

DASHBOARDS = {"snaptrace-overview": overview.build, "snaptrace-fleet": fleet.build}

__all__ = ["DASHBOARDS", "Dashboard"]
