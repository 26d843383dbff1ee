"""Every URL that Django answers. The ping URLs never come here: `asgi.py` hands them to `monitors.ingest`."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from heartbeet import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/system", health.system),
    path("metrics", health.prometheus),
    path("", include("accounts.web.urls")),
    path("", include("monitors.web.urls")),
    path("", include("alerts.web.urls")),
]
