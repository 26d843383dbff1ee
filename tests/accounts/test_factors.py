"""Second factors: what counts as proof, what is kept of them, and who gets to know."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factor_adapter, factors
from accounts.domain import totp
from accounts.domain.actor import Actor
from accounts.models import AuditEvent, Membership, User
from heartbeet.lib import crypto
from tests.web.conftest import prove

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HER = Actor(email="alice@example.com", ip="192.0.2.7", user_agent="Firefox")


def code(now: datetime, secret: str = SECRET) -> str:
    return totp.code_at(secret, totp.step_at(now))


def switched_on(user: User, now: datetime, secret: str = SECRET) -> list[str]:
    """Set up an app half a minute ago; returns the recovery codes."""
    before = now - timedelta(seconds=30)
    return factors.enable_app(user=user, secret=secret, code=code(before, secret), by=HER, now=before)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_an_app_is_set_up_with_recovery_codes(alice: Membership, now: datetime) -> None:
    made = switched_on(alice.user, now)

    have = factors.of(alice.user)
    assert have.is_on
    assert have.codes_left == len(made) == len(set(made)) == 10
    assert actions() == ["TWO_FACTOR_ENABLED"]


def test_a_wrong_code_sets_nothing_up(alice: Membership, now: datetime) -> None:
    with pytest.raises(factors.WrongCode):
        factors.enable_app(user=alice.user, secret=SECRET, code="000000", by=HER, now=now)

    assert not factors.of(alice.user).is_on
    assert (actions(), mail.outbox) == ([], [])


def test_there_is_one_app(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    with pytest.raises(factors.AlreadyOn):
        factors.enable_app(user=alice.user, secret=SECRET, code=code(now), by=HER, now=now)


def test_a_code_of_the_app_is_proof_once(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    proven = factors.use_code(user=alice.user, code=code(now), by=HER, now=now)

    assert proven.type == Authenticator.Type.TOTP
    with pytest.raises(factors.WrongCode):
        factors.use_code(user=alice.user, code=code(now), by=HER, now=now)


def test_the_code_that_set_the_app_up_is_used_already(alice: Membership, now: datetime) -> None:
    factors.enable_app(user=alice.user, secret=SECRET, code=code(now), by=HER, now=now)

    with pytest.raises(factors.WrongCode):
        factors.use_code(user=alice.user, code=code(now), by=HER, now=now)


def test_a_recovery_code_is_proof_once_and_told(alice: Membership, now: datetime) -> None:
    one = switched_on(alice.user, now)[3]
    mail.outbox.clear()

    proven = factors.use_code(user=alice.user, code=f" {one[:4]} {one[4:]}", by=HER, now=now)

    assert proven.type == Authenticator.Type.RECOVERY_CODES
    assert factors.of(alice.user).codes_left == 9
    assert actions()[-1] == "RECOVERY_CODE_USED"
    assert "9 are left" in mail.outbox[0].subject
    with pytest.raises(factors.WrongCode):
        factors.use_code(user=alice.user, code=one, by=HER, now=now)


def test_new_recovery_codes_replace_the_old_ones(alice: Membership, now: datetime) -> None:
    old = switched_on(alice.user, now)

    new = factors.make_codes(user=alice.user, by=HER, now=now)

    assert set(old).isdisjoint(new)
    with pytest.raises(factors.WrongCode):
        factors.use_code(user=alice.user, code=old[0], by=HER, now=now)
    assert factors.use_code(user=alice.user, code=new[0], by=HER, now=now)


def test_recovery_codes_alone_are_no_factor(alice: Membership, now: datetime) -> None:
    with pytest.raises(factors.NothingToRecover):
        factors.make_codes(user=alice.user, by=HER, now=now)


def test_without_the_app_the_recovery_codes_go_too(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    factors.disable_app(user=alice.user, by=HER, now=now)

    assert not Authenticator.objects.exists()
    assert actions() == ["TWO_FACTOR_ENABLED", "TWO_FACTOR_DISABLED"]


def test_the_secret_is_sealed_for_its_person(alice: Membership, now: datetime) -> None:
    made = switched_on(alice.user, now)

    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    assert SECRET not in stored
    assert not any(one in stored for one in made)


def test_a_factor_copied_to_somebody_else_proves_nothing(alice: Membership, bob: Membership, now: datetime) -> None:
    made = switched_on(alice.user, now)
    for row in Authenticator.objects.filter(user=alice.user):
        Authenticator.objects.create(user=bob.user, type=row.type, data=row.data)

    for guess in (code(now), made[0]):
        with pytest.raises(factors.WrongCode):
            factors.use_code(user=bob.user, code=guess, by=HER, now=now)
    assert factors.use_code(user=alice.user, code=code(now), by=HER, now=now)


def test_allauth_cannot_seal_a_secret_for_nobody() -> None:
    with pytest.raises(factor_adapter.NobodysSecret):
        factor_adapter.Adapter().encrypt(SECRET)


def test_resealing_uses_the_first_key_and_keeps_the_proof(alice: Membership, now: datetime, settings: Any) -> None:
    made = switched_on(alice.user, now)
    settings.HEARTBEET_ENCRYPTION_KEYS = f"fresh:{'A' * 43}=,{settings.HEARTBEET_ENCRYPTION_KEYS}"

    for row in Authenticator.objects.all():
        factors.reseal(row)

    kept = [row.data for row in Authenticator.objects.all()]
    assert {crypto.kid_of(data.get("secret") or data["seed"]) for data in kept} == {"fresh"}
    assert factors.use_code(user=alice.user, code=code(now), by=HER, now=now)
    assert factors.use_code(user=alice.user, code=made[0], by=HER, now=now)


def test_every_organisation_of_the_person_gets_to_know(alice: Membership, charlie: Membership, now: datetime) -> None:
    Membership.objects.create(user=alice.user, organization=charlie.organization, role="viewer", created_at=now)

    switched_on(alice.user, now)

    told = AuditEvent.objects.filter(action="TWO_FACTOR_ENABLED", resource=f"user:{alice.user.id}")
    assert {event.organization_id for event in told} == {alice.organization_id, charlie.organization_id}


def test_the_person_gets_a_letter_that_says_from_where(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    letter = mail.outbox[0]
    assert letter.to == [alice.user.email]
    assert letter.subject == "An authenticator app was set up"
    assert "192.0.2.7" in letter.body
    assert "Firefox" in letter.body
    assert SECRET not in letter.body


def test_an_operator_can_take_all_factors_away(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    count = factors.reset(user=alice.user, by=Actor(email="operator"), now=now)

    assert count == 2
    assert not factors.of(alice.user).is_on
    assert actions()[-1] == "TWO_FACTOR_RESET"


def test_taking_away_nothing_is_not_an_event(alice: Membership, now: datetime) -> None:
    assert factors.reset(user=alice.user, by=HER, now=now) == 0
    assert actions() == []


@pytest.mark.postgresql
def test_codes_are_checked_under_a_lock(alice: Membership, now: datetime) -> None:
    switched_on(alice.user, now)

    with CaptureQueriesContext(connection) as queries:
        factors.use_code(user=alice.user, code=code(now), by=HER, now=now)

    assert any("FOR UPDATE" in query["sql"] for query in queries)


def test_the_command_removes_somebodys_factors_and_says_so(
    alice: Membership, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    switched_on(alice.user, now)

    call_command("remove_factors", "--email", f" {alice.user.email.upper()} ")

    assert "are removed" in capsys.readouterr().out
    assert not factors.of(alice.user).is_on
    assert AuditEvent.objects.get(action="TWO_FACTOR_RESET").actor_email == ""


@pytest.mark.parametrize(("email", "problem"), [("nobody@example.com", "Nobody has"), ("", "Nobody has")])
def test_the_command_for_nobody_is_a_sentence(db: None, email: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        call_command("remove_factors", "--email", email)


def test_the_command_says_when_there_is_nothing_to_remove(alice: Membership) -> None:
    with pytest.raises(CommandError, match="no second factors"):
        call_command("remove_factors", "--email", alice.user.email)


def test_operators_can_do_the_same_on_their_pages(alice: Membership, now: datetime, client: Client) -> None:
    switched_on(alice.user, now)
    operator = User.objects.create_superuser("operator@example.com", "correct horse battery")
    client.force_login(operator)
    prove(client, operator)

    answer = client.post(
        "/admin/accounts/user/", {"action": "remove_factors", "_selected_action": [alice.user.id]}, follow=True
    )

    assert "1 of 1 had second factors" in answer.content.decode()
    assert AuditEvent.objects.get(action="TWO_FACTOR_RESET").actor_user == operator


def test_operators_see_who_has_factors_but_no_envelope(alice: Membership, now: datetime, client: Client) -> None:
    switched_on(alice.user, now)
    client.force_login(User.objects.create_superuser("operator@example.com", "correct horse battery"))
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)

    shown = client.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()

    assert alice.user.email in shown
    assert "&quot;ct" not in shown
    assert "ct\\" not in shown
