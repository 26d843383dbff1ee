"""Whose webhook an address is."""

import pytest

from alerts.domain import services


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://hooks.slack.com/services/T/B/x", "Slack"),
        ("https://HOOKS.slack.com/services/T/B/x", "Slack"),
        ("https://canary.discord.com/api/webhooks/1/x", "Discord"),
        ("https://discordapp.com/api/webhooks/1/x", "Discord"),
        ("https://acme.webhook.office.com/webhookb2/x", "Microsoft Teams"),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x", "Microsoft Teams"),
        ("https://api.telegram.org/bot1:x/sendMessage", "Telegram"),
        ("https://events.eu.pagerduty.com/v2/enqueue", "PagerDuty"),
        ("https://api.eu.opsgenie.com/v2/alerts", "Opsgenie"),
    ],
)
def test_the_webhook_of_a_service_is_known_by_its_address(url: str, name: str) -> None:
    found = services.of_url(url)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks.slack.com/",
        "https://hooks.slack.com.evil.example/services",
        "https://notdiscord.com/api/webhooks/1/x",
        "https://logic.azure.com/x",
        "https://example.com/?next=https://api.telegram.org/",
    ],
)
def test_what_only_looks_like_one_is_none(url: str) -> None:
    assert services.of_url(url) is None
