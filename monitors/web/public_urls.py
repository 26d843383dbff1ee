"""What opens by its address alone, without signing in: neither a page of an organisation nor of a person."""

from django.urls import path

from monitors.web import public

app_name = "public"
urlpatterns = [
    path("badge/<str:public_id>.svg", public.badge_svg, name="badge"),
    path("badge/<str:public_id>.json", public.badge_json, name="badge-json"),
    path("feed/<str:feed_key>.atom", public.feed, name="feed"),
]
