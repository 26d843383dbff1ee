"""The pages of one's own second factors: authenticator app, recovery codes, passkeys."""

import base64
import io
from datetime import datetime

import qrcode
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from qrcode.image.svg import SvgPathFillImage

from accounts import access, factors, passkeys
from accounts.domain import totp
from accounts.domain.actor import Actor
from accounts.models import User
from accounts.web import factor_forms, passkey_challenge, recent, reveal
from accounts.web.components import Ask
from heartbeet.lib import clock, crypto, ratelimit

_page = require_http_methods(["GET", "HEAD", "POST"])
_SETUP = "totp_setup"
_CODES = "recovery-codes"

REMOVE_APP = Ask(
    title="Remove the authenticator app?",
    lead="Signing in no longer asks for its codes.",
    losses=(
        "The entry in your app becomes useless; delete it there too.",
        "Without a passkey the recovery codes go as well.",
    ),
    button="Remove the app",
)
REMOVE_PASSKEY = Ask(
    title="Remove the passkey {}?",
    lead="It can no longer sign you in.",
    losses=(
        "Your device still lists it until you delete it there.",
        "Without another factor the recovery codes go as well.",
    ),
    button="Remove the passkey",
)
NEW_CODES = Ask(
    title="Make new recovery codes?",
    lead="You get ten fresh codes, shown once.",
    losses=("The codes you have stop working at once.",),
    button="Make new codes",
)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """On to the page that shows what one has."""
    return redirect("accounts:security")


@never_cache
@sensitive_post_parameters("code")
@_page
@recent.required
def app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: scan, then prove it by a code."""
    person, now = access.person(request), clock.now()
    if factors.of(person).app:
        return redirect("mfa_index")
    secret = _secret(request, person)
    form = factor_forms.Code(
        request.POST or None, label="Code", help_text="The six digits the app shows for Heartbeet."
    )
    if form.is_valid():
        try:
            ratelimit.check_code(request, user_id=person.id)
            codes = factors.enable_app(
                user=person, secret=secret, code=form.cleaned_data["code"], by=_actor(request), now=now
            )
        except (factors.WrongCode, factors.AlreadyOn, ratelimit.TooManyRequests) as refusal:
            form.add_error("code", str(refusal))
        else:
            del request.session[_SETUP]
            messages.success(request, "Signing in now asks for a code of your app.")
            return _on(request, codes, now)
    return _ask_to_scan(request, form, person, secret)


@never_cache
@_page
@recent.required
def remove_app(request: HttpRequest) -> HttpResponse:
    """Ask, then remove the app."""
    person = access.person(request)
    if not factors.of(person).app:
        return redirect("mfa_index")
    if request.method != "POST":
        return _confirm(request, REMOVE_APP)
    factors.disable_app(user=person, by=_actor(request), now=clock.now())
    messages.success(request, "The authenticator app is removed.")
    return redirect("mfa_index")


@never_cache
@require_safe
@recent.required
def codes(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes, this once."""
    found = reveal.take(request, _CODES, now=clock.now())
    return render(request, "mfa/codes.html", {"codes": found}) if found else redirect("mfa_index")


@never_cache
@_page
@recent.required
def make_codes(request: HttpRequest) -> HttpResponse:
    """Ask, then make new recovery codes."""
    person, now = access.person(request), clock.now()
    if request.method != "POST" and factors.of(person).is_on:
        return _confirm(request, NEW_CODES)
    try:
        made = factors.make_codes(user=person, by=_actor(request), now=now)
    except factors.NothingToRecover as refusal:
        messages.error(request, str(refusal))
        return redirect("mfa_index")
    return _on(request, made, now)


@never_cache
@_page
@recent.required
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey, with a name."""
    if not passkeys.are_possible():
        raise Http404
    form = factor_forms.PasskeyName(request.POST or None)
    if form.is_valid():
        try:
            return _add(request, form.cleaned_data["name"])
        except (passkeys.BadPasskey, factors.TooManyPasskeys) as refusal:
            form.add_error(None, str(refusal))
    return render(request, "mfa/passkey_add.html", {"form": form})


@never_cache
@require_POST
@recent.required
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    options, challenge = passkeys.ask_to_add(access.person(request), now=clock.now())
    passkey_challenge.keep(request, challenge)
    return JsonResponse(options)


@never_cache
@_page
@recent.required
def rename_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name for a passkey."""
    passkey = _mine(request, pk)
    form = factor_forms.PasskeyName(request.POST or None, initial={"name": passkey.data["name"]})
    if not form.is_valid():
        return render(request, "mfa/passkey_rename.html", {"form": form, "name": passkey.data["name"]})
    factors.rename_passkey(passkey=passkey, name=form.cleaned_data["name"], by=_actor(request), now=clock.now())
    return redirect("mfa_index")


@never_cache
@_page
@recent.required
def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove a passkey."""
    passkey = _mine(request, pk)
    if request.method != "POST":
        return _confirm(request, REMOVE_PASSKEY, name=passkey.data["name"])
    factors.remove_passkey(passkey=passkey, by=_actor(request), now=clock.now())
    messages.success(request, "The passkey is removed.")
    return redirect("mfa_index")


def _add(request: HttpRequest, name: str) -> HttpResponse:
    now = clock.now()
    credential = passkeys.check_new(request.POST.get("credential", ""), passkey_challenge.take(request), now=now)
    made = factors.add_passkey(
        user=access.person(request), name=name, credential=credential, by=_actor(request), now=now
    )
    messages.success(request, "The passkey is added: you can sign in with it.")
    return _on(request, made, now)


def _on(request: HttpRequest, made: list[str], now: datetime) -> HttpResponse:
    """Back to the overview, past fresh recovery codes if there are some."""
    if not made:
        return redirect("mfa_index")
    reveal.keep(request, _CODES, "\n".join(made), now=now)
    return redirect("mfa_view_recovery_codes")


def _secret(request: HttpRequest, person: User) -> str:
    """The secret that is being set up: the same one until it is confirmed, so that neither a wrong code nor a second
    tab makes the scanned one void."""
    binding = f"totp-setup:{person.id}"
    try:
        return crypto.unseal(request.session.get(_SETUP, ""), bound_to=binding)
    except crypto.CannotOpen:
        secret = totp.generate()
        request.session[_SETUP] = crypto.seal(secret, bound_to=binding)
        return secret


def _ask_to_scan(request: HttpRequest, form: factor_forms.Code, person: User, secret: str) -> HttpResponse:
    address = totp.address(secret, account=person.email, issuer="Heartbeet")
    shown = {"form": form, "picture": _picture(address), "secret": totp.spelled(secret), "address": address}
    return render(request, "mfa/app.html", shown)


def _picture(text: str) -> str:
    """A QR code as an address that an <img> takes."""
    drawn = io.BytesIO()
    qrcode.make(text, image_factory=SvgPathFillImage, border=3).save(drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"


def _confirm(request: HttpRequest, ask: Ask, name: str = "Security") -> HttpResponse:
    return render(request, "components/confirm.html", {"ask": ask.about(name, reverse("mfa_index"))})


def _mine(request: HttpRequest, pk: int) -> Authenticator:
    found = Authenticator.objects.filter(pk=pk, user=access.person(request), type=Authenticator.Type.WEBAUTHN)
    passkey = found.select_related("user").first()
    if passkey is None:
        raise Http404
    return passkey


def _actor(request: HttpRequest) -> Actor:
    return access.actor_for(request, access.person(request))
