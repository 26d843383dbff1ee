"""The ground that the operators' pages (Django admin) of all apps stand on."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
else:
    Page = admin.ModelAdmin


def sign_in(request: HttpRequest) -> HttpResponse:
    """Operators sign in where everyone does: one form, one limit on guesses."""
    if request.user.is_authenticated:
        raise PermissionDenied("These pages are for the operators of this Heartbeet.")
    return redirect_to_login(request.GET.get("next", "/admin/"), settings.LOGIN_URL)


class OperatorPage(Page):
    """A model that operators may look up. `show_full_result_count` is off, for some tables have millions of rows."""

    show_full_result_count = False
    list_per_page = 50

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the actions that call operations are offered: to those who may change the model."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class ReadOnlyPage(OperatorPage):
    """A model that only the operations of its app may change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
