"""Every URL that Django answers. The ping URLs never come here: `asgi.py` hands them to `monitors.ingest`."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
]
