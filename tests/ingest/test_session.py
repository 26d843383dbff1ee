"""The recording connection: a database that cannot be reached is an outage, and not the ping's fault."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from monitors.ingest import session, store
from tests import servers

pytestmark = pytest.mark.django_db


def _error_of_connecting_to_nothing() -> BaseException | None:
    nowhere = session.own_connection()
    nowhere.settings_dict.update(NAME="/no/such/folder/file", HOST="127.0.0.1", PORT=str(servers.free_port()))
    connections["default"] = nowhere  # of this thread
    try:
        session.prepare()
    except Exception as error:
        return error
    return None


def test_a_database_that_cannot_be_reached_is_an_outage() -> None:
    with ThreadPoolExecutor(1) as thread:
        error = thread.submit(_error_of_connecting_to_nothing).result()

    assert error is not None
    assert store.is_outage(error)
