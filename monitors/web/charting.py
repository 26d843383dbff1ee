"""The charts of a monitor on a page of their own: what a link to another range leads to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.roles import Scope
from heartbeet.lib import clock, words
from monitors.models import Monitor
from monitors.web import chart_values, present_rhythm, views, widget_values


@require_safe
def charts(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Availability, durations and values, `?range=` so far back, and the rhythm of a beet. htmx asks for durations and
    values alone, and with `?table=` for one table."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    asked, table = request.GET.get("range", ""), request.GET.get("table", "")
    if not request.headers.get("HX-Request"):
        of_beet = widget_values.of_beet(monitor, tell).widgets if monitor.type == Monitor.BEET else []
        shown = {"monitor": monitor, "has_tables": True, "widgets": of_beet, **chart_values.every(monitor, asked, tell)}
        return render(request, "monitors/charts.html", shown)
    if table == "availability":
        shown = {"availability": chart_values.availability(monitor, tell)}
        return render(request, "monitors/charts/days.html", shown)
    if table in present_rhythm.TABLES and monitor.type == Monitor.BEET:
        return render(request, "monitors/charts/table.html", {"chart": widget_values.table(monitor, table, tell)})
    measures = chart_values.measures(monitor, asked, tell)
    if not table:
        return render(request, "monitors/charts/measures.html", {"monitor": monitor, **measures})
    chart = next((each for each in measures["measures"] if each.key == table), None)
    return render(request, "monitors/charts/table.html", {"chart": chart})
