"""The pages of channels."""

from django.urls import path

from alerts.web import editing, trying, views

app_name = "alerts"
urlpatterns = [
    path("channels", views.index, name="channels"),
    path("channels/new", editing.choose, name="choose"),
    path("channels/new/<slug:kind>", editing.create, name="new"),
    path("channels/test", trying.everything, name="test-all"),
    path("monitors/<int:monitor_id>/test-alert", trying.monitor, name="test-monitor"),
    path("channels/<int:channel_id>", views.detail, name="channel"),
    path("channels/<int:channel_id>/edit", editing.edit, name="edit"),
    path("channels/<int:channel_id>/test", views.test, name="test"),
    path("channels/<int:channel_id>/enable", views.enable, name="enable"),
    path("channels/<int:channel_id>/disable", views.disable, name="disable"),
    path("channels/<int:channel_id>/delete", views.delete, name="delete"),
    path("channels/<int:channel_id>/replay", views.replay_all, name="replay-all"),
    path("deliveries/<int:delivery_id>/replay", views.replay, name="replay"),
]
