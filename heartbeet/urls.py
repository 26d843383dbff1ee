"""Every URL that Django answers. The ping URLs never come here: `asgi.py` hands them to `monitors.ingest`."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from heartbeet import banner, bundle, health, openapi, operators
from heartbeet.lib import admin as backstage

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", backstage.sign_in),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/system", health.system),
    path("metrics", health.prometheus),
    path("assets/heartbeet.css", bundle.serve, {"name": "heartbeet.css"}),
    path("assets/widgets.css", bundle.serve, {"name": "widgets.css"}),
    path("assets/heartbeet.js", bundle.serve, {"name": "heartbeet.js"}),
    path("", include(([path("banner", banner.fragment, name="banner")], "shell"))),
    path("operator", operators.page, name="operator"),
    path("api/v1/openapi.json", openapi.as_json, name="api-document"),
    path("api/v1/docs", openapi.page, name="api-docs"),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("monitors.api.urls")),
    path("api/v1/", include("alerts.api.urls")),
    path("", include("accounts.web.identity_urls")),
    path("", include("accounts.web.urls")),
    path("", include("accounts.web.factor_urls")),
    path("", include("accounts.web.organization.urls")),
    path("", include("monitors.web.urls")),
    path("", include("alerts.web.urls")),
    path("", include("monitors.web.public_urls")),
]

handler400 = "heartbeet.problem.bad_request"
handler403 = "heartbeet.problem.forbidden"
handler404 = "heartbeet.problem.not_found"
handler500 = "heartbeet.problem.server_error"
