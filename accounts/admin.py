"""The operators' pages of people and organisations."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import access, audit, factors, identity
from accounts.models import (
    AccessToken,
    AuditEvent,
    BrowserSession,
    Invitation,
    KeptAnswer,
    Letter,
    Membership,
    MutationCount,
    Organization,
    Plan,
    Project,
    SetupCode,
    User,
    WebhookSecret,
)
from heartbeet.lib import clock
from heartbeet.lib.admin import OperatorPage, ReadOnlyPage

if TYPE_CHECKING:
    _UserPage = UserAdmin[User]
    _UserForm = AdminUserCreationForm[User]
    _KnownUserForm = UserChangeForm[User]
else:
    _UserPage = UserAdmin
    _UserForm = AdminUserCreationForm
    _KnownUserForm = UserChangeForm


class NewUser(_UserForm):
    """The form of a new user: an e-mail address instead of a user name."""

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.strip().lower()


class KnownUser(_KnownUserForm):
    """The form of a user who is there."""

    clean_email = NewUser.clean_email


@admin.register(User)
class UserPage(_UserPage):
    """People; deactivate instead of deleting, so that history keeps its names."""

    form = KnownUser
    add_form = NewUser
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    actions = ("remove_factors",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "timezone")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            User.objects.vouch(obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django calls this after every change, a new password included."""
        fields = [name for part in message for name in part.get("changed", {}).get("fields", [])]
        identity.record(
            user=obj, by=access.operator(request), action="UPDATE_USER", meta={"changedFields": fields}, now=clock.now()
        )
        return super().log_change(request, obj, message)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Remove the second factors, for people who lost them", permissions=["change"])
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        by, now = access.operator(request), clock.now()
        removed = sum(factors.reset(user=user, by=by, now=now) > 0 for user in queryset)
        messages.success(request, f"{removed} of {len(queryset)} had second factors; they are removed.")


class AuditedPage(OperatorPage):
    """A model of one organisation that operators may edit; the organisation's audit log shows that they did."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._record(request, obj, "UPDATE" if change else "CREATE", {"changedFields": sorted(form.changed_data)})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._record(request, obj, "DELETE", {"snapshot": str(obj)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def _record(self, request: HttpRequest, obj: Any, verb: str, meta: dict[str, Any]) -> None:
        name = str(self.opts.model_name)
        audit.record(
            organization=obj if isinstance(obj, Organization) else obj.organization,
            by=access.operator(request),
            action=f"{verb}_{name.upper()}",
            resource=f"{name}:{obj.pk}",
            meta=meta,
            now=clock.now(),
        )


@admin.register(Organization)
class OrganizationPage(AuditedPage):
    """Organisations; they are made by their first owner, and never deleted here."""

    list_display = ("name", "slug", "plan", "created_at")
    list_select_related = ("plan",)
    search_fields = ("name", "slug")
    readonly_fields = ("created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipPage(AuditedPage):
    """Who belongs where, with which role."""

    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name", "organization__slug")
    autocomplete_fields = ("user", "organization")
    exclude = ("created_at",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Access tokens are read-only here, but they die with their membership: that must not keep it alive."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected


@admin.register(Plan)
class PlanPage(OperatorPage):
    """What organisations may use."""

    list_display = ("name", "monitor_limit", "interval_floor_sec", "ping_retention_days")
    search_fields = ("name",)


@admin.register(Project)
class ProjectPage(ReadOnlyPage):
    """Folders of monitors."""

    list_display = ("name", "slug", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name", "slug", "organization__name")


@admin.register(AccessToken)
class AccessTokenPage(ReadOnlyPage):
    """Access tokens, without their digests."""

    list_display = ("name", "prefix", "membership", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user", "membership__organization")
    search_fields = ("name", "prefix", "membership__user__email", "membership__organization__name")
    exclude = ("digest",)


@admin.register(MutationCount)
class MutationCountPage(ReadOnlyPage):
    """How many changes each token asked for, by day."""

    list_display = ("token", "day", "count")
    list_select_related = ("token",)
    search_fields = ("token__name", "token__prefix")


@admin.register(AuditEvent)
class AuditEventPage(ReadOnlyPage):
    """Who did what."""

    list_display = ("created_at", "organization", "actor_email", "action", "resource")
    list_select_related = ("organization",)
    list_filter = ("action",)
    search_fields = ("actor_email", "action", "resource", "organization__name")


@admin.register(SetupCode)
class SetupCodePage(ReadOnlyPage):
    """Setup links that were not used yet, without their digests."""

    list_display = ("id", "created_at")
    search_fields = ("=id",)
    exclude = ("digest",)


@admin.register(Invitation)
class InvitationPage(ReadOnlyPage):
    """Seats that were offered."""

    list_display = ("email", "organization", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("organization",)
    search_fields = ("email", "organization__name")
    exclude = ("nonce",)


@admin.register(WebhookSecret)
class WebhookSecretPage(ReadOnlyPage):
    """When organisations' webhook secrets were made and retire, without the secrets."""

    list_display = ("organization", "created_at", "retires_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    exclude = ("envelope",)


@admin.register(BrowserSession)
class BrowserSessionPage(ReadOnlyPage):
    """Who is signed in where, without what would let anyone in."""

    list_display = ("user", "ip", "created_at", "seen_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    exclude = ("digest", "envelope")


@admin.register(KeptAnswer)
class KeptAnswerPage(ReadOnlyPage):
    """Answers kept for requests that may come again, without what they say."""

    list_display = ("token", "key", "started_at", "status")
    list_select_related = ("token",)
    search_fields = ("key", "token__name", "token__prefix")
    exclude = ("request_digest", "envelope")


@admin.register(Letter)
class LetterPage(ReadOnlyPage):
    """The e-mails of accounts on their way, without what they say."""

    list_display = ("uid", "created_at", "tries", "next_try_at", "sent_at", "last_error")
    search_fields = ("=uid",)
    exclude = ("envelope",)


# django-allauth's own pages show and change what goes around our rules and the audit log.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])


@admin.register(EmailAddress)
class EmailAddressPage(ReadOnlyPage):
    """Addresses, and whether they were confirmed."""

    list_display = ("email", "user", "primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__email")


@admin.register(Authenticator)
class AuthenticatorPage(ReadOnlyPage):
    """Who has which second factors, without their secrets. The people's page can remove them."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    exclude = ("data",)


@admin.register(SocialAccount)
class SocialAccountPage(ReadOnlyPage):
    """Who is known to the provider of single sign-on."""

    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_select_related = ("user",)
    search_fields = ("user__email", "uid")
    exclude = ("extra_data",)
