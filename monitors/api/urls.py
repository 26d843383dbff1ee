"""The API's routes of monitors and incidents."""

from heartbeet.lib.routes import either
from monitors.api import bulk, history, incidents, listening, me, policy, subscriptions, views

urlpatterns = [
    *either("me", me.Me.as_view()),
    *either("monitors", views.Monitors.as_view()),
    *either("monitors/bulk", bulk.MonitorsBulk.as_view()),
    *either("monitors/<int:monitor_id>", views.MonitorDetail.as_view()),
    *either("monitors/<int:monitor_id>/pause", views.MonitorPause.as_view()),
    *either("monitors/<int:monitor_id>/resume", views.MonitorResume.as_view()),
    *either("monitors/<int:monitor_id>/snooze", views.MonitorSnooze.as_view()),
    *either("monitors/<int:monitor_id>/unsnooze", views.MonitorUnsnooze.as_view()),
    *either("monitors/<int:monitor_id>/subscriptions", subscriptions.MonitorSubscriptions.as_view()),
    *either("monitors/<int:monitor_id>/test-alert", views.MonitorTestAlert.as_view()),
    *either("monitors/<int:monitor_id>/secrets", views.MonitorSecrets.as_view()),
    *either("monitors/<int:monitor_id>/rotate-heartbeat-token", views.MonitorTokenRotation.as_view()),
    *either("monitors/<int:monitor_id>/incidents", views.MonitorIncidents.as_view()),
    *either("monitors/<int:monitor_id>/pings", history.MonitorPings.as_view()),
    *either("monitors/<int:monitor_id>/stats", history.MonitorStats.as_view()),
    *either("monitors/<int:monitor_id>/timeline", history.MonitorTimeline.as_view()),
    *either("monitors/<int:monitor_id>/replay", history.MonitorReplay.as_view()),
    *either("listening-gaps", listening.ListeningGaps.as_view()),
    *either("alert-policy", policy.AlertPolicy.as_view()),
    *either("incidents", incidents.Incidents.as_view()),
    *either("incidents/<int:incident_id>", incidents.IncidentDetail.as_view()),
    *either("incidents/<int:incident_id>/acknowledge", incidents.IncidentAcknowledgement.as_view()),
    *either("incidents/<int:incident_id>/resolve", incidents.IncidentResolution.as_view()),
    *either("incidents/<int:incident_id>/updates", incidents.IncidentUpdates.as_view()),
]
