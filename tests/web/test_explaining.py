"""“Explain with a model”: only where an operator has set it up, only what the page says, and always to an end."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from accounts.models import Membership, Organization
from heartbeet.lib import http, llm, ratelimit
from monitors.models import Incident, Monitor, Ping, StatusChange
from tests import factories
from tests.model_server import END, ModelServer, event
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

OPENED = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="checkouts", type="beet", interval_sec=None, now=OPENED - timedelta(days=63))


@pytest.fixture
def silence(beet: Monitor) -> Incident:
    Ping.objects.create(
        monitor=beet, received_at=OPENED - timedelta(hours=1), kind="success", body_head=b"card 4111", body_size=9,
        source="203.0.113.7",
    )  # fmt: skip
    return factories.beet_incident(beet, at=OPENED)


@pytest.fixture
def server(settings: Any) -> Iterator[ModelServer]:
    """The operator's model."""
    with ModelServer() as running:
        settings.HEARTBEET_LLM_URL, settings.HEARTBEET_LLM_MODEL = running.url, "tiny-1"
        yield running


def ask(client: Client, incident: Incident) -> str:
    """The page that comes of asking without a script."""
    return client.post(f"/incidents/{incident.id}/explain", follow=True).content.decode()


def said(page: str) -> str:
    return page.partition('id="model-text"')[2].partition(">")[2].partition("</div>")[0]


def stream(client: Client, incident: Incident) -> Any:
    return client.post(f"/incidents/{incident.id}/explain", headers={"Accept": "text/plain"})


def text_of(answer: Any) -> str:
    async def joined() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(joined)().decode()


def test_without_the_setting_nothing_of_it_exists_and_nothing_leaves(
    owner: Client, silence: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*given: Any, **more: Any) -> Any:
        raise AssertionError("something went out")

    monkeypatch.setattr(http.Client, "connect", never)
    page = owner.get(f"/incidents/{silence.id}").content.decode()

    assert (owner.post(f"/incidents/{silence.id}/explain").status_code, stream(owner, silence).status_code) == (
        404,
        404,
    )
    assert "with a model" not in page
    assert "streaming.js" not in page


def test_the_page_offers_it_and_says_what_it_is(owner: Client, silence: Incident, server: ModelServer) -> None:
    page = owner.get(f"/incidents/{silence.id}").content.decode()

    assert f'action="/incidents/{silence.id}/explain"' in page
    assert "Written by tiny-1 from the sentences under Evidence, which are all that it gets. It may be wrong" in page
    assert server.requests == []


def test_the_model_gets_exactly_the_sentences_of_the_page(
    owner: Client, alice: Membership, acme: Organization, silence: Incident, server: ModelServer
) -> None:
    other = factories.monitor(acme, name="payments")
    StatusChange.objects.create(monitor=other, at=OPENED, from_status="up", to_status="down", cause="missed")
    Incident.objects.filter(id=silence.id).update(acknowledged_at=OPENED, acknowledged_by=alice.user)
    shown = owner.get(f"/incidents/{silence.id}").content.decode()

    ask(owner, silence)

    [request] = server.requests
    sentences = request["messages"][1]["content"].splitlines()
    page = " ".join(re.sub(r"<[^>]+>", "", shown).split())
    assert len(sentences) == 6
    assert [each for each in sentences if each not in page] == []
    sent = str(request)
    assert "payments (down at" in sent
    assert [
        secret for secret in (alice.user.email, "4111", "203.0.113.7", "http", "/monitors/") if secret in sent
    ] == []


def test_without_a_script_the_page_comes_with_the_text_and_asks_nobody_again(
    owner: Client, silence: Incident, server: ModelServer
) -> None:
    server.parts = [event("The sender <b>stopped</b>."), END]

    first = ask(owner, silence)
    again = owner.get(f"/incidents/{silence.id}").content.decode()

    assert said(first) == said(again) == "The sender &lt;b&gt;stopped&lt;/b&gt;."
    assert "Ask again" in again
    assert len(server.requests) == 1


def test_the_text_of_one_incident_does_not_stand_on_another(
    owner: Client, acme: Organization, silence: Incident, server: ModelServer
) -> None:
    ask(owner, silence)
    other = factories.beet_incident(factories.monitor(acme, type="beet", interval_sec=None), at=OPENED)

    assert said(owner.get(f"/incidents/{other.id}").content.decode()) == ""


def test_a_script_gets_plain_text_piece_by_piece(owner: Client, silence: Incident, server: ModelServer) -> None:
    server.parts = [event("one "), event("<two>"), END]

    answer = stream(owner, silence)

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert text_of(answer) == "one <two>"


@pytest.mark.django_db(transaction=True)
def test_the_first_piece_is_sent_before_the_last_has_come(
    alice: Membership, silence: Incident, server: ModelServer
) -> None:
    server.parts, server.is_endless, server.every_sec = [event("word ")], True, 0.01
    browser = AsyncClient()

    async def first_pieces() -> list[bytes]:
        await browser.aforce_login(alice.user)
        answer: Any = await browser.post(f"/incidents/{silence.id}/explain", headers={"Accept": "text/plain"})
        pieces = aiter(answer.streaming_content)
        found = [await anext(pieces), await anext(pieces)]
        await pieces.aclose()
        return found

    assert async_to_sync(first_pieces)() == [b"word ", b"word "]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": 500}, "[The model&#x27;s server answered 500.]"),
        ({"parts": [b"<html>"]}, "[What the model&#x27;s server answered is not understood: HEARTBEET_LLM_URL should"),
        ({"parts": [event("word ")], "is_endless": True}, "[Cut off here, after 4,000 characters.]"),
        ({"parts": [event("half ")], "is_cut": True}, "half \n\n[The model&#x27;s server could not be reached;"),
    ],
)
def test_what_goes_wrong_is_told_on_the_page(
    owner: Client, silence: Incident, server: ModelServer, changes: dict[str, Any], expected: str
) -> None:
    for name, value in changes.items():
        setattr(server, name, value)

    assert expected in said(ask(owner, silence))


def test_a_slow_model_is_cut_off(
    owner: Client, silence: Incident, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = llm.Model(server.url, "tiny-1", timeout_sec=0.3)
    monkeypatch.setattr(llm, "configured", lambda: model)
    server.parts, server.is_endless, server.every_sec = [event("word ")], True, 0.05

    assert "[Cut off here: the model took longer than 0.3 seconds.]" in said(ask(owner, silence))


def test_each_person_may_ask_so_often(owner: Client, viewer: Client, silence: Incident, server: ModelServer) -> None:
    often = int(ratelimit.MODEL_RATE.partition("/")[0])
    for _ in range(often):
        ask(owner, silence)

    page, streamed, other = ask(owner, silence), stream(owner, silence), ask(viewer, silence)

    assert "You have asked the model often: wait" in page
    assert (streamed.status_code, streamed.content.decode()[:34]) == (429, "You have asked the model often: wa")
    assert said(other) == "All is well."
    assert len(server.requests) == often + 1


def test_who_may_read_incidents_may_ask_and_nobody_else(
    client: Client, viewer: Client, outsider: Client, silence: Incident, server: ModelServer
) -> None:
    path = f"/incidents/{silence.id}/explain"

    assert (viewer.post(path).status_code, outsider.post(path).status_code) == (302, 404)
    assert client.post(path).headers["Location"] == "/sign-in"
    assert len(server.requests) == 1


def test_a_form_of_another_site_is_refused(alice: Membership, silence: Incident, server: ModelServer) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(alice).cookies

    assert strict.post(f"/incidents/{silence.id}/explain").status_code == 403
    assert server.requests == []


def test_an_incident_without_evidence_is_not_explained(owner: Client, incident: Incident, server: ModelServer) -> None:
    page = owner.get(f"/incidents/{incident.id}").content.decode()

    assert owner.post(f"/incidents/{incident.id}/explain").status_code == 404
    assert "with a model" not in page
    assert server.requests == []
