"""A worker that nobody knocks for does the periodic work by itself."""

import socket
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone

from accounts import letters
from accounts.models import Letter
from heartbeet import celery, worker


@pytest.fixture
def silent_mail_server(settings: Any) -> Iterator[socket.socket]:
    """It takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.HEARTBEET_SMTP_URL = f"smtp://127.0.0.1:{server.getsockname()[1]}"
        yield server


@pytest.mark.django_db(transaction=True)
def test_without_a_knock_a_mail_server_that_hangs_does_not_hold_the_sweep(silent_mail_server: socket.socket) -> None:
    for app in ("accounts", "alerts", "monitors"):  # as a worker does when it starts
        import_module(f"{app}.tasks")
    letter = letters.write(to="ada@example.com", subject="Hello", text="text", now=timezone.now())

    worker.knock_at_home()
    (post,) = [thread for thread in threading.enumerate() if thread.name == celery.LETTERS]
    connection, _ = silent_mail_server.accept()  # it is on the line, while the sweep is through
    connection.close()
    post.join(10)

    assert not post.is_alive()
    assert Letter.objects.get(id=letter.id).last_error.startswith("The mail server")
