"""The pages of monitors and incidents."""

from django.urls import path

from monitors.web import bulk, charting, editing, incidents, listing, pings, policy, projects, snoozing, telling, views

app_name = "monitors"
urlpatterns = [
    path("", listing.index, name="list"),
    path("monitors/bulk", bulk.change, name="bulk"),
    path("monitors/bulk/delete", bulk.delete, name="bulk-delete"),
    path("monitors/new", editing.create, name="new"),
    path("monitors/schedule", editing.preview, name="schedule"),
    path("monitors/<int:monitor_id>", views.detail, name="detail"),
    path("monitors/<int:monitor_id>/charts", charting.charts, name="charts"),
    path("monitors/<int:monitor_id>/edit", editing.edit, name="edit"),
    path("monitors/<int:monitor_id>/clone", editing.clone, name="clone"),
    path("monitors/<int:monitor_id>/reveal", views.reveal, name="reveal"),
    path("monitors/<int:monitor_id>/rotate", views.rotate, name="rotate"),
    path("monitors/<int:monitor_id>/pause", views.pause, name="pause"),
    path("monitors/<int:monitor_id>/resume", views.resume, name="resume"),
    path("monitors/<int:monitor_id>/snooze", snoozing.snooze, name="snooze"),
    path("monitors/<int:monitor_id>/unsnooze", snoozing.unsnooze, name="unsnooze"),
    path("monitors/<int:monitor_id>/telling", telling.choose, name="telling"),
    path("monitors/<int:monitor_id>/delete", views.delete, name="delete"),
    path("monitors/<int:monitor_id>/pings", pings.index, name="pings"),
    path("monitors/<int:monitor_id>/pings/<int:ping_id>", pings.detail, name="ping"),
    path("incidents", incidents.index, name="incidents"),
    path("incidents/<int:incident_id>", incidents.detail, name="incident"),
    path("incidents/<int:incident_id>/acknowledge", incidents.acknowledge, name="acknowledge"),
    path("incidents/<int:incident_id>/resolve", incidents.resolve, name="resolve"),
    path("incidents/<int:incident_id>/notes", incidents.note, name="note"),
    path("settings/alerts", policy.index, name="alert-policy"),
    path("settings/projects", projects.index, name="projects"),
    path("settings/projects/new", projects.create, name="new-project"),
    path("settings/projects/<int:project_id>/rename", projects.rename, name="rename-project"),
    path("settings/projects/<int:project_id>/delete", projects.delete, name="delete-project"),
]
