"""The pages of channels."""

from django.urls import path

from alerts.web import editing, views

app_name = "alerts"
urlpatterns = [
    path("channels", views.index, name="channels"),
    path("channels/new", editing.choose, name="choose"),
    path("channels/new/<slug:kind>", editing.create, name="new"),
    path("channels/<int:channel_id>", views.detail, name="channel"),
    path("channels/<int:channel_id>/edit", editing.edit, name="edit"),
    path("channels/<int:channel_id>/test", views.test, name="test"),
    path("channels/<int:channel_id>/enable", views.enable, name="enable"),
    path("channels/<int:channel_id>/disable", views.disable, name="disable"),
    path("channels/<int:channel_id>/delete", views.delete, name="delete"),
    path("deliveries/<int:delivery_id>/replay", views.replay, name="replay"),
]
