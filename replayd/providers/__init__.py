"""Model APIs that replays can be sent to: one file each, one row in `PROVIDERS`."""

from replayd.providers.contract import Provider

PROVIDERS: dict[str, Provider] = {}
