"""What an organisation is told when we did not listen: one letter for each gap that left monitors of it `unknown`,
to its owners and administrators. It is no page: nothing is known to be wrong with what they watch."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from accounts import letters
from accounts.domain.roles import Role
from accounts.models import Organization, User
from heartbeet.lib import durations
from monitors.domain.facts import Excused
from monitors.models import Gap, GapNotice, Monitor, Unheard

SETTLED = timedelta(seconds=60)
"""A letter waits for so long after the gap and its first monitor, so that it names all that were due in it."""
NAMED = 50
TOLD = (Role.OWNER, Role.ADMIN)


def take(gaps: Sequence[Gap], excused: Sequence[tuple[Monitor, Excused]], *, now: datetime) -> None:
    """Write down which monitors are unknown because of which of these gaps (the oldest first), in the transaction that
    makes them so."""
    by_notice: defaultdict[tuple[int, int], list[tuple[Monitor, Excused]]] = defaultdict(list)
    for monitor, effect in excused:
        gap = next(gap for gap in reversed(gaps) if gap.started_at <= effect.until)
        by_notice[gap.id, monitor.organization_id].append((monitor, effect))
    for (gap_id, organization_id), found in sorted(by_notice.items(), key=lambda item: item[0]):
        notice, _ = GapNotice.objects.get_or_create(
            gap_id=gap_id, organization_id=organization_id, defaults={"created_at": now}
        )
        rows = [Unheard(notice=notice, monitor=monitor, at=effect.at) for monitor, effect in found]
        Unheard.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(*, now: datetime) -> int:
    """Write the letters of the gaps that are over. Returns of how many notices."""
    settled = now - SETTLED
    due = GapNotice.objects.filter(sent_at=None, created_at__lte=settled, gap__ended_at__lte=settled)
    ids = list(due.order_by("id").values_list("id", flat=True))
    return sum(_send(notice_id, now) for notice_id in ids)


@transaction.atomic
def _send(notice_id: int, now: datetime) -> bool:
    """Write one notice's letters. False if another process was faster."""
    if not GapNotice.objects.filter(id=notice_id, sent_at=None).update(sent_at=now):
        return False
    notice = GapNotice.objects.select_related("gap", "organization").get(id=notice_id)
    subject, text = _letter(notice)
    for person in _told(notice.organization):
        letters.write(to=person.email, subject=subject, text=text, now=now)
    return True


def _told(organization: Organization) -> list[User]:
    here = User.objects.filter(memberships__organization=organization, memberships__role__in=TOLD, is_active=True)
    return list(here.order_by("id"))


def _letter(notice: GapNotice) -> tuple[str, str]:
    found = Monitor.objects.filter(id__in=notice.unheard.values("monitor_id"), deleted_at=None)
    count, gap, home = found.count(), notice.gap, settings.HEARTBEET_SITE_URL + notice.organization.home
    words = {
        "organization": " ".join(notice.organization.name.split()),
        "gap": gap,
        "lasted": durations.full(max(1, round((gap.ended_at - gap.started_at).total_seconds()))),
        "count": count,
        "monitors": [(each.name, f"{home}monitors/{each.id}") for each in found.order_by("id")[:NAMED]],
        "more": max(0, count - NAMED),
        "home": home,
        "site": settings.HEARTBEET_SITE_URL,
    }
    clock = "%H:%M" if gap.length_sec >= 120 else "%H:%M:%S"
    span = f"from {gap.started_at:{clock}} to {gap.ended_at:{clock}} UTC on {gap.ended_at:%d %B}"
    subject = f"We were not listening {span}"
    return subject, render_to_string("accounts/letters/gap.txt", words)
