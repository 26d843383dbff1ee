"""Owners, organisations, setup links and access tokens."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections

from accounts import operations, queries
from accounts.domain.actor import SYSTEM
from accounts.domain.tokens import MAX_GENERATIONS
from accounts.models import AccessToken, AuditEvent, Membership, MutationCount, Organization, SetupCode, User
from alerts.models import Channel
from heartbeet import bootstrap
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture
def membership(db: None) -> Membership:
    return Membership.objects.get(user=factories.member(factories.organization(), "owner"))


@pytest.fixture
def named_owner(settings: Any) -> None:
    settings.HEARTBEET_ADMIN_EMAIL = "Ada@Example.com"
    settings.HEARTBEET_ADMIN_PASSWORD = PASSWORD


def test_the_first_start_makes_the_owner_that_the_environment_names(named_owner: None, db: None, now: datetime) -> None:
    link = bootstrap.first_start(now=now)

    owner = User.objects.get(email="ada@example.com")
    membership = owner.memberships.get()
    assert link == ""
    assert (owner.check_password(PASSWORD), owner.is_staff, owner.is_superuser) == (True, True, True)
    assert (membership.role, membership.organization.plan.name) == ("owner", "Self-hosted")
    assert [project.slug for project in membership.organization.projects.all()] == ["default"]


def test_the_first_organisation_tells_its_owner_by_e_mail(named_owner: None, db: None, now: datetime) -> None:
    bootstrap.first_start(now=now)

    channel = Channel.objects.get()
    assert (channel.kind, channel.config, channel.is_default) == ("email", {"to": "ada@example.com"}, True)


def test_a_later_start_changes_nothing(named_owner: None, db: None, now: datetime, settings: Any) -> None:
    bootstrap.first_start(now=now)
    settings.HEARTBEET_ADMIN_EMAIL = "someone.else@example.com"

    assert bootstrap.first_start(now=now) == ""
    assert (User.objects.count(), Organization.objects.count(), Channel.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("missing", ["HEARTBEET_ADMIN_EMAIL", "HEARTBEET_ADMIN_PASSWORD"])
def test_half_an_owner_in_the_environment_is_refused(
    named_owner: None, db: None, settings: Any, now: datetime, missing: str
) -> None:
    setattr(settings, missing, "")

    with pytest.raises(ImproperlyConfigured, match="set both, or neither"):
        bootstrap.first_start(now=now)


@pytest.mark.parametrize(
    ("password", "why"), [("short", "too short"), ("password12", "too common"), ("ada@example.com", "too similar")]
)
def test_a_weak_password_in_the_environment_is_refused(
    named_owner: None, db: None, settings: Any, now: datetime, password: str, why: str
) -> None:
    settings.HEARTBEET_ADMIN_PASSWORD = password

    with pytest.raises(ImproperlyConfigured, match=f"HEARTBEET_ADMIN_PASSWORD is too weak: .*{why}"):
        bootstrap.first_start(now=now)

    assert not User.objects.exists()


def test_without_a_named_owner_each_start_prints_a_link_until_somebody_exists(db: None, now: datetime) -> None:
    first, second = bootstrap.first_start(now=now), bootstrap.first_start(now=now)

    codes = [link.partition("/setup?code=")[2] for link in (first, second)]
    assert all(operations.is_setup_code(code) for code in codes)
    operations.use_setup_code(code=codes[0], email="ada@example.com", password=PASSWORD, now=now)
    assert bootstrap.first_start(now=now) == ""
    assert not operations.is_setup_code(codes[1])


def test_setting_up_by_a_command(named_owner: None, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup")

    assert "sign in" in capsys.readouterr().out
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_make_one_owner(named_owner: None, now: datetime) -> None:
    assert _at_once(2, lambda: bootstrap.first_start(now=now)) == ["", ""]

    assert (User.objects.count(), Organization.objects.count(), Channel.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_setup_link_used_twice_at_once_makes_one_owner(now: datetime) -> None:
    code = operations.make_setup_code(now)

    def use() -> str:
        try:
            operations.use_setup_code(code=code, email="ada@example.com", password=PASSWORD, now=now)
        except operations.AlreadySetUp:
            return "told"
        return "made"

    assert sorted(_at_once(3, use)) == ["made", "told", "told"]


def test_a_setup_code_is_kept_as_a_digest_and_works_once(db: None, now: datetime) -> None:
    code = operations.make_setup_code(now)

    operations.use_setup_code(code=code, email="ada@example.com", password=PASSWORD, now=now)

    assert not SetupCode.objects.exists()
    with pytest.raises(operations.AlreadySetUp):
        operations.use_setup_code(code=code, email="eve@example.com", password=PASSWORD, now=now)


def test_a_wrong_setup_code_makes_nobody(db: None, now: datetime) -> None:
    code = operations.make_setup_code(now)

    with pytest.raises(operations.BadSetupCode):
        operations.use_setup_code(code=code[:-1], email="eve@example.com", password=PASSWORD, now=now)

    assert code not in str(list(SetupCode.objects.values()))
    assert not User.objects.exists()


def test_organisations_of_one_name_get_slugs_of_their_own(db: None, now: datetime) -> None:
    owner = User.objects.create_user("ada@example.com", PASSWORD)

    made = [operations.create_organization(name=name, owner=owner, now=now) for name in ("Acme", "Acme!", "日本")]

    assert [membership.organization.slug for membership in made] == ["acme", "acme-2", "organisation"]


def test_a_token_is_kept_as_its_digest_only(membership: Membership, now: datetime) -> None:
    minted = operations.mint_token(membership=membership, name="deploy", by=SYSTEM, now=now)

    assert (len(minted.plaintext), minted.plaintext[:3]) == (46, "hb_")
    assert minted.plaintext not in str(AccessToken.objects.values()) + str(AuditEvent.objects.values())
    assert queries.live_token(minted.plaintext, now) == minted.token


def test_a_token_works_until_it_expires(membership: Membership, now: datetime) -> None:
    minted = operations.mint_token(
        membership=membership, name="deploy", expires_at=now + timedelta(hours=1), by=SYSTEM, now=now
    )

    assert queries.live_token(minted.plaintext, now + timedelta(minutes=59)) == minted.token
    assert queries.live_token(minted.plaintext, now + timedelta(hours=1)) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_token_has_a_name(name: str, membership: Membership, now: datetime) -> None:
    with pytest.raises(operations.BadGrant) as caught:
        operations.mint_token(membership=membership, name=name, by=SYSTEM, now=now)

    assert list(caught.value.fields) == ["name"]


def test_revoking_reaches_grandchildren_and_is_audited_once_each(membership: Membership, now: datetime) -> None:
    parent: AccessToken | None = None
    for name in ("parent", "child", "grandchild"):
        parent = operations.mint_token(membership=membership, name=name, minted_by=parent, by=SYSTEM, now=now).token
    eldest = AccessToken.objects.get(name="parent")

    operations.revoke_token(token=eldest, by=SYSTEM, now=now)
    operations.revoke_token(token=eldest, by=SYSTEM, now=now)

    assert not AccessToken.objects.filter(revoked_at=None).exists()
    assert AuditEvent.objects.filter(action="REVOKE_ACCESS_TOKEN").count() == 3


def test_the_daily_limit_starts_anew_at_midnight_utc(membership: Membership, now: datetime) -> None:
    token = operations.mint_token(
        membership=membership, name="deploy", daily_mutation_limit=1, by=SYSTEM, now=now
    ).token
    operations.spend_mutations(token=token, count=1, now=now)

    with pytest.raises(operations.DailyLimitReached) as caught:
        operations.spend_mutations(token=token, count=1, now=now)
    tomorrow = operations.spend_mutations(token=token, count=1, now=now + timedelta(hours=12))

    assert caught.value.retry_after_sec == 12 * 3600
    assert (tomorrow.remaining, MutationCount.objects.count()) == (0, 1)


def test_minting_does_not_multiply_the_daily_limit(membership: Membership, now: datetime) -> None:
    mint = partial(operations.mint_token, membership=membership, name="deploy", by=SYSTEM, now=now)
    parent = mint(daily_mutation_limit=3).token
    older, younger = mint(minted_by=parent).token, mint(minted_by=parent).token
    operations.spend_mutations(token=older, count=2, now=now)

    left = operations.spend_mutations(token=younger, count=1, now=now)

    assert (left.limit, left.remaining) == (3, 0)
    for token in (older, younger, parent):
        with pytest.raises(operations.DailyLimitReached):
            operations.spend_mutations(token=token, count=1, now=now)


def test_a_token_is_handed_on_only_so_often(membership: Membership, now: datetime) -> None:
    """Each change counts for every ancestor, and revoking looks at every descendant: a line without end would be a way
    to make both fail."""
    token: AccessToken | None = None
    for _ in range(MAX_GENERATIONS):
        token = operations.mint_token(membership=membership, name="x", minted_by=token, by=SYSTEM, now=now).token

    with pytest.raises(operations.BadGrant):
        operations.mint_token(membership=membership, name="x", minted_by=token, by=SYSTEM, now=now)


def test_a_token_that_was_revoked_meanwhile_mints_nothing(membership: Membership, now: datetime) -> None:
    asking = operations.mint_token(membership=membership, name="leaked", by=SYSTEM, now=now).token
    operations.revoke_token(token=asking, by=SYSTEM, now=now)

    with pytest.raises(operations.BadGrant):
        operations.mint_token(membership=membership, name="heir", minted_by=asking, by=SYSTEM, now=now)

    assert not AccessToken.objects.filter(revoked_at=None).exists()


def _at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(count)

    def run(_: int) -> Any:
        try:
            barrier.wait(timeout=10)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
