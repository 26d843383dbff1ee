"""Who: people, organisations, what they may do, and what they did."""

import uuid
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone as django_timezone

from accounts.domain.roles import Role


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is kept in lower case, so that one address is one account."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person whose address counts as confirmed: whoever makes one like this vouches for it."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        self.vouch(user)
        return user

    def vouch(self, user: "User") -> None:
        """Count a person's address as confirmed, without a letter. It is then their only one: no other lets them in."""
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address. Without a `timezone` they read times in that of their browser."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    timezone = models.CharField(max_length=64, blank=True, default="")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=django_timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case")]

    def __str__(self) -> str:
        return self.email


class Plan(models.Model):
    """What an organisation may use. `monitor_limit` empty means unlimited."""

    name = models.CharField(max_length=50, unique=True)
    monitor_limit = models.PositiveIntegerField(null=True, blank=True)
    interval_floor_sec = models.PositiveIntegerField(default=5)
    ping_retention_days = models.PositiveIntegerField(default=90)

    def __str__(self) -> str:
        return self.name


class Organization(models.Model):
    """The tenant: everything below it is invisible to every other organisation."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="organizations")
    members_may_reveal = models.BooleanField(default=False, help_text="Members may reveal ping URLs.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def home(self) -> str:
        """Where its pages begin. The slug stays when the name changes, so that links go on to work."""
        return f"/o/{self.slug}/"


class Membership(models.Model):
    """One person in one organisation, with a role."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class Project(models.Model):
    """A folder of monitors inside an organisation."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="project_slug_once")]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """A personal access token: only its SHA-256 is kept. It belongs to one membership and dies with it."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tokens")
    minted_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="minted")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    daily_mutation_limit = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class MutationCount(models.Model):
    """How many changes a token asked for on one UTC day, for its daily limit."""

    token = models.ForeignKey(AccessToken, on_delete=models.CASCADE, related_name="mutation_counts")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "day"], name="mutation_count_once_per_day")]

    def __str__(self) -> str:
        return f"{self.count} changes on {self.day}"


class OnlyGrows(TypeError):
    """The audit log is only ever added to: nothing in it is changed or deleted."""


class AuditEvents(models.QuerySet["AuditEvent"]):
    """Reads and adds. The database refuses changes, too (a trigger); rows go with their organisation alone, whose
    deletion does not come this way."""

    def update(self, **values: Any) -> int:
        raise OnlyGrows(OnlyGrows.__doc__)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise OnlyGrows(OnlyGrows.__doc__)

    def bulk_update(self, *arguments: Any, **keywords: Any) -> int:
        raise OnlyGrows(OnlyGrows.__doc__)


class AuditEvent(models.Model):
    """Who did what to which row, written in the transaction of the change. It is only ever added to: the ids of actors
    stay when the person or the token is gone, so they may lead nowhere."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="audit_events")
    created_at = models.DateTimeField()
    actor_user = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    actor_token = models.ForeignKey(
        AccessToken, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+"
    )
    actor_email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=50)
    resource = models.CharField(max_length=100)
    meta = models.JSONField(default=dict)

    objects = AuditEvents.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["organization", "action", "-created_at"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.resource}"

    def delete(self, *arguments: Any, **keywords: Any) -> tuple[int, dict[str, int]]:
        raise OnlyGrows(OnlyGrows.__doc__)


class SetupCode(models.Model):
    """The one-time code of the `/setup` link, as SHA-256; used up when the first owner is made."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"setup code of {self.created_at:%Y-%m-%d %H:%M}"


class Invitation(models.Model):
    """A seat offered to an e-mail address. Its link is signed and names `nonce`: a link sent again ends the one before.
    It can be accepted until `expires_at`, once, unless it was revoked."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    nonce = models.UUIDField(default=uuid.uuid4)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} into {self.organization}"


class WebhookSecret(models.Model):
    """A key that signs an organisation's webhooks, sealed and bound to `uid`. After a rotation the old one goes on
    signing beside the new one until `retires_at`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="webhook_secrets")
    envelope = models.TextField()
    created_at = models.DateTimeField()
    retires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(retires_at=None), name="webhook_secret_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"webhook secret of {self.organization}"


class BrowserSession(models.Model):
    """A browser's session. Only the SHA-256 of its key is kept, and its data is sealed, bound to that digest: neither a
    dump nor a backup lets anyone in."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions")
    envelope = models.TextField()
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"session {self.digest[:8]}"


class KeptAnswer(models.Model):
    """The answer to a request that came with an `Idempotency-Key`, for 24 hours per token and key. `status` is empty
    while the request runs; a process that died leaves it so, which `started_at` shows. `envelope` is the sealed answer,
    for it may hold a new token's text, bound to token and key."""

    token = models.ForeignKey(AccessToken, on_delete=models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    envelope = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"answer to {self.key}"


class Letter(models.Model):
    """An e-mail of the account (verify an address, reset a password, an invitation) on its way. It is written in the
    transaction that calls for it and sent by a worker, so that no page waits for a mail server and no letter is lost.
    `envelope` is the sealed message, for its link lets its reader in; it goes when the letter has arrived."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    envelope = models.TextField(blank=True)
    created_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="letter_due"),
        ]

    def __str__(self) -> str:
        return f"letter {self.uid}"
