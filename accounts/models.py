"""Who: people, organisations, what they may do, and what they did."""

from typing import Any, ClassVar

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
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
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


class AuditEvent(models.Model):
    """Who did what to which row, written in the transaction of the change. Actors are copied, so that history stays."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="audit_events")
    created_at = models.DateTimeField()
    actor_user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    actor_token = models.ForeignKey(AccessToken, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    actor_email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=50)
    resource = models.CharField(max_length=100)
    meta = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.resource}"


class SetupCode(models.Model):
    """The one-time code of the `/setup` link, as SHA-256; used up when the first owner is made."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"setup code of {self.created_at:%Y-%m-%d %H:%M}"
