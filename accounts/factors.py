"""The second factors of a person: authenticator app, recovery codes, passkeys.

Every change is audited in each of the person's organisations and told to the person by a letter, so that a change by
somebody else does not stay unseen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from accounts import audit, factor_adapter, identity, passkeys
from accounts.domain import totp
from accounts.domain.actor import Actor
from accounts.models import User
from heartbeet.lib import crypto

MAX_PASSKEYS = 20
MAX_NAME = 100
SEALED = ("secret", "seed")
"""Where the one envelope of a row is: an app's secret, or what recovery codes are made from."""

_log = structlog.get_logger(__name__)


class WrongCode(ValueError):
    """The code is not right, or was used already. Try the next one."""


class AlreadyOn(Exception):
    """An authenticator app is set up already. Remove it first."""


class NothingToRecover(Exception):
    """Recovery codes are for people with an authenticator app or a passkey. Set up one of them first."""


class TooManyPasskeys(Exception):
    """You have as many passkeys as there can be. Remove one that you no longer use."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has. `codes_left` is None where no recovery codes were made."""

    app: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    codes_left: int | None

    @property
    def is_on(self) -> bool:
        """Whether signing in with the password asks for a second step."""
        return self.app is not None or bool(self.passkeys)

    @property
    def takes_codes(self) -> bool:
        """Whether there is a code that could be typed."""
        return self.app is not None or bool(self.codes_left)


def of(user: User) -> Factors:
    """The factors of a person, passkeys from the oldest on."""
    rows = list(Authenticator.objects.filter(user=user).order_by("id"))
    by_type = {row.type: row for row in rows}
    return Factors(
        app=by_type.get(Authenticator.Type.TOTP),
        passkeys=tuple(row for row in rows if row.type == Authenticator.Type.WEBAUTHN),
        codes_left=_codes_left(by_type.get(Authenticator.Type.RECOVERY_CODES)),
    )


@transaction.atomic
def enable_app(*, user: User, secret: str, code: str, by: Actor, now: datetime) -> list[str]:
    """Ask for codes of the app that holds `secret` from now on. Returns recovery codes if the person had none: they are
    shown this once. Raises WrongCode or AlreadyOn."""
    _lock(user)
    step = totp.accepted_step(secret, code, now=now)
    if step is None:
        raise WrongCode(WrongCode.__doc__)
    if of(user).app:
        raise AlreadyOn(AlreadyOn.__doc__)
    with factor_adapter.belonging_to(user.id):
        row = TOTP.activate(user, secret).instance
    _remember_step(row, step)
    _record("TWO_FACTOR_ENABLED", user, by, now, "An authenticator app was set up")
    return _codes_if_none(user)


@transaction.atomic
def disable_app(*, user: User, by: Actor, now: datetime) -> None:
    """Ask for codes of the app no more. Without another factor the recovery codes go too."""
    _lock(user)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()[0]:
        _drop_useless_codes(user)
        _record("TWO_FACTOR_DISABLED", user, by, now, "The authenticator app was removed")


@transaction.atomic
def make_codes(*, user: User, by: Actor, now: datetime) -> list[str]:
    """New recovery codes; the ones before are void. Raises NothingToRecover."""
    _lock(user)
    if not of(user).is_on:
        raise NothingToRecover(NothingToRecover.__doc__)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    _record("RECOVERY_CODES_CREATED", user, by, now, "New recovery codes were made; the old ones no longer work")
    return _codes_if_none(user)


@transaction.atomic
def add_passkey(*, user: User, name: str, credential: dict[str, Any], by: Actor, now: datetime) -> list[str]:
    """Let a passkey that `passkeys.check_new` found right sign its person in. Returns recovery codes if the person had
    none. Raises TooManyPasskeys."""
    _lock(user)
    if len(of(user).passkeys) >= MAX_PASSKEYS:
        raise TooManyPasskeys(TooManyPasskeys.__doc__)
    label = name.strip()[:MAX_NAME] or "Passkey"
    passkeys.add(user, name=label, credential=credential)
    _record("PASSKEY_ADDED", user, by, now, f"The passkey “{label}” was added", name=label)
    return _codes_if_none(user)


@transaction.atomic
def rename_passkey(*, passkey: Authenticator, name: str, by: Actor, now: datetime) -> None:
    """Give a passkey another name."""
    row = Authenticator.objects.select_for_update().select_related(None).get(pk=passkey.pk)
    before, after = row.data["name"], name.strip()[:MAX_NAME]
    if after and after != before:
        row.data["name"] = after
        row.save(update_fields=["data"])
        change = audit.difference({"name": before}, {"name": after})
        identity.record(user=passkey.user, by=by, action="PASSKEY_RENAMED", meta=change, now=now)


@transaction.atomic
def remove_passkey(*, passkey: Authenticator, by: Actor, now: datetime) -> None:
    """Take a passkey away. Without another factor the recovery codes go too."""
    user, name = passkey.user, passkey.data["name"]
    _lock(user)
    if Authenticator.objects.filter(pk=passkey.pk).delete()[0]:
        _drop_useless_codes(user)
        _record("PASSKEY_REMOVED", user, by, now, f"The passkey “{name}” was removed", name=name)


@transaction.atomic
def use_code(*, user: User, code: str, by: Actor, now: datetime) -> Authenticator:
    """The factor that `code` proves: the app, or a recovery code. Either kind of code works once. Raises WrongCode."""
    rows = Authenticator.objects.select_for_update().filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    for row in rows.order_by("id"):
        if _is_proven(row, code, now):
            if row.type == Authenticator.Type.RECOVERY_CODES:
                left = _codes_left(Authenticator.objects.get(pk=row.pk))
                _record("RECOVERY_CODE_USED", user, by, now, f"A recovery code was used; {left} are left", left=left)
            return row
    raise WrongCode(WrongCode.__doc__)


@transaction.atomic
def reset(*, user: User, by: Actor, now: datetime) -> int:
    """Take all factors of a person away, for somebody who lost them. Returns how many there were."""
    _lock(user)
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    if count:
        _record("TWO_FACTOR_RESET", user, by, now, "An operator removed your second factors")
    return count


@transaction.atomic
def reseal(row: Authenticator) -> None:
    """Seal the secret of an app or of recovery codes again, with the first key. Raises crypto.CannotOpen."""
    fresh = Authenticator.objects.select_for_update().get(pk=row.pk)
    bound_to = factor_adapter.binding(fresh.user_id)
    place = next(key for key in SEALED if key in fresh.data)
    fresh.data[place] = crypto.seal(crypto.unseal(fresh.data[place], bound_to=bound_to), bound_to=bound_to)
    fresh.save(update_fields=["data"])


def _is_proven(row: Authenticator, code: str, now: datetime) -> bool:
    """Whether `code` belongs to this row, whose lock we hold. A secret that does not open proves nothing."""
    try:
        with factor_adapter.belonging_to(row.user_id):
            if row.type == Authenticator.Type.RECOVERY_CODES:
                return bool(row.wrap().validate_code("".join(code.split())))
            secret = factor_adapter.Adapter().decrypt(row.data["secret"])
    except crypto.CannotOpen:
        _log.error("factor_cannot_be_opened", factor=row.pk, user=row.user_id)
        return False
    step = totp.accepted_step(secret, code, now=now, after=row.data.get("last_step", 0))
    if step is not None:
        _remember_step(row, step)
    return step is not None


def _remember_step(row: Authenticator, step: int) -> None:
    row.data["last_step"] = step
    row.save(update_fields=["data"])


def _codes_if_none(user: User) -> list[str]:
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists():
        return []
    with factor_adapter.belonging_to(user.id):
        codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def _codes_left(row: Authenticator | None) -> int | None:
    return None if row is None else app_settings.RECOVERY_CODE_COUNT - int(row.data["used_mask"]).bit_count()


def _drop_useless_codes(user: User) -> None:
    if not of(user).is_on:
        Authenticator.objects.filter(user=user).delete()


def _lock(user: User) -> None:
    """Changes of one person's factors come one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _record(action: str, user: User, by: Actor, now: datetime, happened: str, **meta: Any) -> None:
    identity.record_and_tell(user=user, by=by, action=action, happened=happened, meta=meta, now=now)
