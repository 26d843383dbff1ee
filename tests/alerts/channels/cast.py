"""One channel of each kind, as a person fills it in, and how the tests of channels bring it to this machine.

A new kind needs a line in `GIVEN`; the contract (`test_contract.py`) and the recorded requests (`test_examples.py`) run
over it then. To be reachable here it keeps the addresses of its service in one of two places:

- in a field of type `base.URL` (a webhook's address): `ready` puts the receiver's host there, the path stays;
- in the module constant `API`, a text, or a dictionary of texts by region: `ready` patches it. The module reads it when
  it sends (`f"{API}/v2/enqueue"`), never at import.
"""

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts.channels import base, registry
from alerts.domain.message import Bulletin, Telling
from tests.alerts.messages import TELLINGS
from tests.receivers import HTTPReceiver

DELIVERY = "0b7c3c0e-5b0f-4a55-9d5c-3f6f0d8f4a11"

GIVEN: dict[str, dict[str, str]] = {
    "email": {"to": "ops@example.com"},
    "webhook": {"url": "https://example.com/heartbeet", "secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    "slack": {"url": "https://hooks.slack.com/services/T0000000001/B0000000001/verysecretverysecret1234"},
    "discord": {"url": "https://discord.com/api/webhooks/1234567890/verysecretverysecretverysecret-12345_67890"},
    "msteams": {
        "url": "https://prod-1.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers"
        "/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=verysecretverysecret"
    },
    "telegram": {"bot_token": "123456789:AAEverysecretverysecretverysecret12", "chat_id": "-1001234567890"},
    "mattermost": {"url": "https://mattermost.example.com/hooks/verysecretverysecret123456"},
    "pagerduty": {"routing_key": "verysecretverysecretverysecret12"},
    "opsgenie": {"api_key": "verysecret-89ab-cdef-0123-456789abcdef"},
    "ntfy": {
        "url": "https://ntfy.example.com",
        "topic": "acme-alerts-x7Kq2mVb9R",
        "token": "tk_verysecretverysecretverysecre",
    },
    "apprise": {"url": "gotifys://gotify.example.com/verysecretverysecret"},
    "pushover": {"token": "verysecretapplicationtoken1234", "user": "verysecretuserverysecretuser12"},
}

KINDS = sorted(registry.CHANNELS)
HTTP_KINDS = sorted(kind for kind, known in registry.CHANNELS.items() if issubclass(known, base.HTTPChannel))


def config_of(kind: str) -> dict[str, str]:
    """The configuration of a channel as it is handed to it, secrets and all."""
    config = registry.find(kind).clean(GIVEN[kind])
    return {**config.shown, **config.secrets}


def secrets_of(kind: str) -> list[str]:
    """What must never be seen of it."""
    return list(registry.find(kind).clean(GIVEN[kind]).secrets.values())


def told_to(kind: str) -> dict[str, Callable[..., Telling]]:
    """What can be told to a kind, by name: bulletins are for people."""
    reads = registry.find(kind).collapses
    return {name: make for name, make in TELLINGS.items() if reads or not isinstance(make(), Bulletin)}


def ready(kind: str, receiver: HTTPReceiver, patch: pytest.MonkeyPatch, **changes: str) -> base.Channel:
    """The channel, talking to `receiver` instead of its service; `changes` are fields of its configuration."""
    known = registry.find(kind)
    config, here = config_of(kind), receiver.url.removesuffix("/hook")
    urls = [each.name for each in known.fields if isinstance(each, base.URL) and config.get(each.name)]
    module: Any = sys.modules[known.__module__]
    if hasattr(module, "API"):
        api = module.API
        patch.setattr(module, "API", here if isinstance(api, str) else dict.fromkeys(api, here))
    return registry.build(kind, {**config, **{name: _moved(config[name], here) for name in urls}, **changes})


def _moved(url: str, here: str) -> str:
    parts = urlsplit(url)
    return f"{here}{parts.path}" + (f"?{parts.query}" if parts.query else "")
