"""What the pages of monitors need to know, read at once and handed over as finished values."""

from typing import Any

from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.web import live
from alerts import queries as alerts_queries
from alerts.web import present as channels
from heartbeet.lib import words
from monitors import badges, ping_log, policies, queries, rehearsals, rhythms
from monitors.domain import status
from monitors.domain.status import Status
from monitors.models import Incident, Monitor
from monitors.operations import Secrets
from monitors.web import (
    chart_values,
    gap_lines,
    present,
    present_badges,
    present_incidents,
    present_pings,
    present_replay,
    snippets,
    widget_values,
)

PINGS, MOST_PINGS, INCIDENTS = 10, 200, 5


def version(monitor: Monitor) -> str:
    """What the living part is made of, in a word; `monitor` is one of `queries.versioned`."""
    rows = (vars(monitor), vars(monitor.pulse))
    return live.digest([{name: value for name, value in row.items() if not name.startswith("_")} for row in rows])


def living(
    who: Access, monitor: Monitor, tell: words.Teller, *, down_to: ping_log.Place | None = None
) -> dict[str, Any]:
    """The part of a monitor's page that changes by itself. Its list of pings goes on `down_to` the ping above those
    that the reader has loaded below it."""
    incidents = queries.recent_incidents(monitor, INCIDENTS)
    for incident in incidents:
        incident.monitor = monitor
    log = ping_log.down_to(monitor, down_to, most=MOST_PINGS) if down_to else ping_log.page(monitor, size=PINGS)
    can_edit = who.allows(Scope.MONITORS_WRITE)
    learned = rhythms.of([monitor.id]) if monitor.type == Monitor.BEET else {}
    its, outlook = policies.of_monitors([monitor])[monitor.id], queries.outlook(monitor, tell.now, learned)
    moments = (outlook.next_due_at, outlook.deadline_at, monitor.snoozed_until)
    until = min((at for at in moments if at is not None and at > tell.now), default=None)
    of_beet = widget_values.of_beet(monitor, tell, learned) if monitor.type == Monitor.BEET else None
    return {
        "version": live.stamp(version(monitor), tell.now, until),
        "served_at": int(tell.now.timestamp() * 1000),
        "monitor": monitor,
        "policy": its,
        "head": present.headline(monitor, outlook, _history(monitor, incidents), its, tell),
        "pings": [present_pings.ping(each, tell, with_source=can_edit) for each in log.pings],
        "older": log.older,
        "is_continued": down_to is not None,
        "incidents": [present_incidents.incident(each, tell) for each in incidents],
        "gaps": gap_lines.lately(who.organization, tell, since=monitor.created_at),
        "widgets": of_beet.widgets if of_beet else [],
        "learning": of_beet.learning if of_beet else None,
        "can_edit": can_edit,
        "can_act": who.allows(Scope.INCIDENTS_WRITE),
    }


def _history(monitor: Monitor, incidents: list[Incident]) -> present.History:
    change = monitor.status_changes.order_by("-at", "-id").first()
    return present.History(
        change=change,
        incident=next((each for each in incidents if each.resolved_at is None), None),
        failure=queries.failure_behind(change),
    )


def whole(who: Access, monitor: Monitor, token: str, tell: words.Teller) -> dict[str, Any]:
    """All of a monitor's page. Without `token` its ping URL is masked."""
    secrets = Secrets(monitor.id, monitor.name, token or "<token>")
    shown = living(who, monitor, tell)
    return {
        **shown,
        **chart_values.every(monitor, "", tell),
        "ping_url": secrets.beet_url if monitor.type == Monitor.BEET else secrets.ping_url,
        "is_revealed": bool(token),
        "is_masked": not token,
        "can_reveal": who.allows_reveal(),
        "snippets": snippets.of(_job(monitor, secrets)),
        "facts": present.facts(monitor, shown["policy"]),
        "channels": [channels.row(each, may_edit=shown["can_edit"]) for each in alerts_queries.subscribed(monitor)],
        "badge": present_badges.maybe(badges.of_monitor(monitor)),
        "meanwhile": _meanwhile(monitor, tell),
    }


def _meanwhile(monitor: Monitor, tell: words.Teller) -> present_replay.Panel | None:
    """What a beet that still learns would have alerted of, if it did already; None if there is nothing to say."""
    if monitor.type != Monitor.BEET or status.of_beet(Status(monitor.pulse.status)) is not Status.LEARNING:
        return None
    found = rehearsals.of_monitor(monitor, is_early=True, now=tell.now)
    if found is None or not found.is_judged:
        return None
    early = "It still learns and tells nobody. By what it knows so far you would"
    return present_replay.panel(found, tell, settings=early)


def _job(monitor: Monitor, secrets: Secrets) -> snippets.Job:
    return snippets.Job(
        name=monitor.name,
        slug=monitor.slug,
        ping_url=secrets.ping_url,
        beet_url=secrets.beet_url,
        cron=monitor.cron,
        timezone=monitor.timezone,
        interval_sec=monitor.interval_sec,
        max_runtime_sec=monitor.max_runtime_sec,
        is_post_only=monitor.post_only,
        is_beet=monitor.type == Monitor.BEET,
    )
