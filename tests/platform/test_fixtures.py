"""The suite's own servers: they are real, and nothing reaches another machine."""

import smtplib
import socket
import urllib.error
import urllib.request

import pytest
import redis
from django.conf import settings
from django.db import connection

from accounts.models import Plan
from tests.conftest import NetworkIsOff
from tests.receivers import HTTPReceiver, SMTPReceiver


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    Plan.objects.create(name="tried")

    expected = "sqlite" if settings.HEARTBEET_EMBEDDED else "postgresql"
    assert (connection.vendor, Plan.objects.filter(name="tried").count()) == (expected, 1)


@pytest.mark.django_db(transaction=True)
def test_the_database_can_be_used_without_a_surrounding_transaction() -> None:
    assert not connection.in_atomic_block


def test_redis_answers_and_is_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        keys = client.dbsize()

    assert keys == 0


def test_the_http_receiver_keeps_requests_and_answers_as_told(http_receiver: HTTPReceiver) -> None:
    http_receiver.then(503, Retry_After="7")

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(http_receiver.url, data=b'{"a": 1}')
    with refused.value, urllib.request.urlopen(http_receiver.url) as answered:
        assert (refused.value.code, refused.value.headers["Retry-After"], answered.status) == (503, "7", 200)

    assert [(r.method, r.path) for r in http_receiver.wait_for(2)] == [("POST", "/hook"), ("GET", "/hook")]
    assert http_receiver.requests[0].json() == {"a": 1}


def test_the_smtp_server_keeps_messages_and_refuses_when_told(smtp_server: SMTPReceiver) -> None:
    host, port = smtp_server.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.sendmail("a@example.org", ["b@example.org"], "Subject: down\r\n\r\nbody")
        smtp_server.refuse("550 no such user")
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("a@example.org", ["b@example.org"], "Subject: again\r\n\r\nbody")

    assert [mail.message["Subject"] for mail in smtp_server.mails] == ["down"]


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as client, pytest.raises(NetworkIsOff):
        client.connect(("192.0.2.1", 80))
