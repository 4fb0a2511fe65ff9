"""Model APIs that replays can be sent to: one file each, one row in `PROVIDERS`."""

from replayd.providers.contract import Provider
from replayd.providers.openai_chat import OpenAiChat

PROVIDERS: dict[str, Provider] = {
    provider.name: provider for provider in (OpenAiChat(),)
}
