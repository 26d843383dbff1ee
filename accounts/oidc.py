"""Signing in with an OpenID Connect provider, chosen by settings: what it is asked, and whether its answer is right.

The way is the authorisation code flow with PKCE, state and nonce. django-allauth walks it; the identity token is
checked here: signed by a key of the provider, for us, now, and for the sign-in that this browser began.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
import requests
import structlog
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

_SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""With a public key only: a shared secret or no signature at all would let others write tokens."""
_LEEWAY_SEC = 60
_MAX_SUBJECT = 191

_log = structlog.get_logger(__name__)


class NotAsked(Exception):
    """This browser did not begin a sign-in, or began it too long ago. Start again."""


class Declined(Exception):
    """The sign-in was cancelled at the provider."""


class ProviderFailed(Exception):
    """The provider did not answer as it should. Try again; if that does not help, tell whoever runs this Heartbeet."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who somebody is, by the word of a provider. `email` is '' unless the provider has verified it."""

    issuer: str
    subject: str
    email: str
    name: str


def name() -> str:
    """What the provider is called; '' if there is none."""
    is_on = settings.HEARTBEET_OIDC_ISSUER and settings.HEARTBEET_OIDC_CLIENT_ID
    return settings.HEARTBEET_OIDC_NAME if is_on else ""


def begin(request: HttpRequest, *, next_url: str, is_again: bool) -> str:
    """The address at the provider to send the browser to; `is_again` asks it to have its person sign in anew. Raises
    ProviderFailed."""
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce, **({"prompt": "login"} if is_again else {})}
    try:
        answer = _Provider.configured(request).redirect(
            request, process="login", next_url=next_url, data={"nonce": nonce}, auth_params=asked
        )
        return str(answer["Location"])
    except (requests.RequestException, KeyError, ValueError) as error:
        raise _failed("discovery", error) from error


def finish(request: HttpRequest) -> tuple[Vouched, str]:
    """Who came back from the provider, and where they wanted to go. Raises NotAsked, Declined or ProviderFailed."""
    provider = _Provider.configured(request)
    state = statekit.unstash_state(request, state_id=request.GET.get("state", ""), provider_id=provider.sub_id)
    if state is None:
        raise NotAsked(NotAsked.__doc__)
    if "code" not in request.GET:
        _log.info("oidc_declined", error=request.GET.get("error", "")[:100])
        raise Declined(Declined.__doc__)
    try:
        return _redeem(request, provider, state), state.get("next", "")
    except (requests.RequestException, OAuth2Error, jwt.PyJWTError, LookupError, ValueError, TypeError) as error:
        raise _failed("token", error) from error


class _Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth is not typed
    """The provider's side of the conversation."""

    def get_provider(self) -> "_Provider":
        return _Provider.configured(self.request)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return callback_url()

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if config["issuer"].rstrip("/") != settings.HEARTBEET_OIDC_ISSUER:
            raise ValueError("the provider calls itself by another name than HEARTBEET_OIDC_ISSUER")
        return config

    def fetch(self, url: str, *, bearer: str = "") -> dict[str, Any]:
        """A JSON document of the provider."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with get_adapter().get_requests_session() as session:
            answer = session.get(url, headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


class _Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider of the settings; rows of SocialApp are not looked at."""

    oauth2_adapter_class = _Adapter

    @classmethod
    def configured(cls, request: HttpRequest) -> "_Provider":
        issuer = settings.HEARTBEET_OIDC_ISSUER
        app = SocialApp(
            provider=cls.id,
            provider_id=issuer,
            name=settings.HEARTBEET_OIDC_NAME,
            client_id=settings.HEARTBEET_OIDC_CLIENT_ID,
            secret=settings.HEARTBEET_OIDC_CLIENT_SECRET,
            settings={"server_url": issuer, "oauth_pkce_enabled": True},
        )
        return cls(request, app=app)


def callback_url() -> str:
    """The redirect URI to register at the provider: of the site's own address, whatever the Host header says."""
    return f"{settings.HEARTBEET_SITE_URL}{reverse('sso_callback')}"


def _redeem(request: HttpRequest, provider: _Provider, state: dict[str, Any]) -> Vouched:
    """Change the code for tokens, of which none is kept."""
    adapter = provider.get_oauth2_adapter(request)
    client = adapter.get_client(request, provider.app)
    tokens = client.get_access_token(request.GET["code"], pkce_code_verifier=state["pkce_code_verifier"])
    claims = _claims(adapter, tokens["id_token"], nonce=state["data"]["nonce"])
    if not claims.get("email") and "userinfo_endpoint" in adapter.openid_config:
        more = adapter.fetch(adapter.profile_url, bearer=tokens["access_token"])
        if more.get("sub") != claims["sub"]:
            raise ValueError("the user info is about somebody else")
        claims = {**more, **claims}
    return _vouched(claims)


def _claims(adapter: _Adapter, id_token: str, *, nonce: str) -> dict[str, Any]:
    """What an identity token says, if all of it is as it must be."""
    client_id = settings.HEARTBEET_OIDC_CLIENT_ID
    claims: dict[str, Any] = jwt.decode(
        id_token,
        key=_key(adapter, id_token),
        algorithms=_SIGNATURES,
        audience=client_id,
        issuer=adapter.openid_config["issuer"],
        leeway=_LEEWAY_SEC,
        options={"require": ["iss", "aud", "exp", "iat", "sub"]},
    )
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise ValueError("the token belongs to another sign-in")
    if claims.get("azp", client_id) != client_id:
        raise ValueError("the token was made for somebody else")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _MAX_SUBJECT:
        raise ValueError("the subject is not one that can be kept")
    return claims


def _key(adapter: _Adapter, id_token: str) -> jwt.PyJWK:
    """The provider's key that a token names; a provider with one key need not name it."""
    wanted = jwt.get_unverified_header(id_token).get("kid")
    keys = jwt.PyJWKSet.from_dict(adapter.fetch(adapter.openid_config["jwks_uri"])).keys
    if wanted is None and len(keys) == 1:
        return keys[0]
    return next(key for key in keys if key.key_id == wanted)


def _vouched(claims: dict[str, Any]) -> Vouched:
    email, name = claims.get("email"), claims.get("name")
    # Entra ID says xms_edov where others say email_verified.
    proofs = (claims.get("email_verified"), claims.get("xms_edov"))
    is_verified = isinstance(email, str) and any(proof in (True, "true", "1") for proof in proofs)
    return Vouched(
        issuer=settings.HEARTBEET_OIDC_ISSUER,
        subject=claims["sub"],
        email=email.strip().lower() if is_verified and email else "",
        name=name.strip()[:150] if isinstance(name, str) else "",
    )


def _failed(step: str, error: Exception) -> ProviderFailed:
    """Only the kind of error is logged, with our own words: what a provider answers may hold a token."""
    words = str(error) if type(error) is ValueError else ""
    _log.warning("oidc_failed", step=step, error=type(error).__name__, reason=words)
    return ProviderFailed(ProviderFailed.__doc__)
