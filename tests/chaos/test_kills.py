"""Kill -9, at every statement and at any instant: nothing is lost, nobody is paged for our sake, nothing comes twice
under two names.

A short form runs in `make test`. `make chaos` runs CHAOS rounds (200), which is every statement and as many random
instants; HEARTBEET_TEST_SEED repeats a campaign.
"""

import contextlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.chaos import production
from tests.chaos.campaign import Campaign
from tests.chaos.faults import Faults
from tests.chaos.fleet import Fleet
from tests.chaos.installation import Installation, installed
from tests.chaos.keeper import Keeper
from tests.receivers import HTTPReceiver, SMTPReceiver

ROUNDS = int(os.environ.get("HEARTBEET_TEST_CHAOS", "0"))
EACH_FOR_ITSELF = {"HEARTBEET_STORM_INCIDENTS": "0"}
SHORT_ROUNDS, SHORT_LEASE = 8, {"HEARTBEET_TEST_LEASE_SEC": "3"}
SEED = int(os.environ.get("HEARTBEET_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)


def test_no_kill_loses_doubles_or_makes_up_an_alert(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = Faults(tmp_path / "faults")
    with (
        _installed(tmp_path, faults, smtp_server) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
        Keeper(heartbeet),
    ):
        campaign = Campaign(heartbeet, fleet, faults, seed=SEED)

        campaign.run(ROUNDS or SHORT_ROUNDS)
        account = campaign.settle()

        if ROUNDS:
            with capsys.disabled():
                print(campaign.table(account))  # noqa: T201
        assert account.wrongs() == [], campaign.table(account)


@contextlib.contextmanager
def _installed(folder: Path, faults: Faults, mails: SMTPReceiver) -> Iterator[Installation]:
    environ = {
        "HEARTBEET_SMTP_URL": mails.url,
        **EACH_FOR_ITSELF,
        **faults.environ(),
        **({} if ROUNDS else SHORT_LEASE),
    }
    if settings.HEARTBEET_EMBEDDED:
        with installed(folder, **environ) as embedded:
            yield embedded
    else:
        with production.in_production(folder, parts=production.SEVERAL, **environ) as several:
            yield several
