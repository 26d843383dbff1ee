"""The filter of the list of incidents: what an address asks for, what of it cannot be, and what its form offers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, tzinfo

from django.http import QueryDict

from accounts.models import Organization
from accounts.web import components
from accounts.web.components import Choice
from monitors import queries
from monitors.domain import fields
from monitors.domain.status import INCIDENT_CAUSES, IncidentStatus, Severity
from monitors.incidents import Asked, Standing
from monitors.models import Monitor
from monitors.web import present_incidents

_LARGEST_ID = 2**63 - 1
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of a filter offers; a list with nothing to choose from is empty. `monitor` is the one whose
    incidents are asked for, if it is here."""

    asked: Asked
    causes: list[Choice]
    severities: list[Choice]
    projects: list[Choice]
    tags: list[Choice]
    monitor: Monitor | None

    @property
    def since(self) -> str:
        """The first day, as a box for dates wants it."""
        return f"{self.asked.since:%Y-%m-%d}" if self.asked.since else ""

    @property
    def until(self) -> str:
        """The last day."""
        return f"{self.asked.until:%Y-%m-%d}" if self.asked.until else ""


def read(query: QueryDict, zone: tzinfo) -> tuple[Asked, list[str]]:
    """What an address asks for, and in sentences what of it cannot be and is left out, so that a mistyped address
    still shows something. A day is one of `zone`. What is not there (any more) finds nothing."""
    reading = _Reading(query, zone)
    asked = Asked(
        status=reading.word("status", list(IncidentStatus)),
        cause=reading.word("cause", INCIDENT_CAUSES),
        severity=reading.word("severity", list(Severity)),
        search=reading.text("q"),
        monitor_id=reading.number("monitor"),
        project=reading.text("project"),
        tag=reading.text("tag"),
        since=reading.day("from", time.min),
        until=reading.day("to", time.max),
    )
    if asked.since and asked.until and asked.until < asked.since:
        return replace(asked, until=None), [*reading.left_out, "The last day is before the first, so it is left out."]
    return asked, reading.left_out


def form(organization: Organization, asked: Asked, standing: Standing) -> Form:
    """The form of the filter, in two queries; one more where the incidents of one monitor are asked for."""
    projects = list(organization.projects.order_by("name", "id").values_list("slug", "name"))
    monitors = Monitor.objects.filter(organization=organization)
    tags = queries.tags_in_use(organization)
    has_both = len(standing.severities) > 1
    return Form(
        asked=asked,
        causes=_choices("Every cause", present_incidents.CAUSES.items(), asked.cause),
        severities=_choices("Every severity", _SEVERITIES, asked.severity) if has_both or asked.severity else [],
        projects=_choices("Every project", projects, asked.project) if len(projects) > 1 or asked.project else [],
        tags=_choices("Every tag", ((tag, tag) for tag in tags), asked.tag) if tags or asked.tag else [],
        monitor=monitors.filter(id=asked.monitor_id).first() if asked.monitor_id is not None else None,
    )


_SEVERITIES = [(severity.value, severity.capitalize()) for severity in Severity]


def _choices(every: str, offered: Iterable[tuple[str, str]], chosen: str) -> list[Choice]:
    """All that is offered, `every` first; what was chosen is there even if it is not offered."""
    known = dict(offered)
    pairs = [("", every), *known.items(), *([(chosen, chosen)] if chosen and chosen not in known else [])]
    return components.choices(pairs, chosen)


@dataclass(slots=True)
class _Reading:
    """An address while it is read."""

    query: QueryDict
    zone: tzinfo
    left_out: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        return str(self.query.get(name, "")).replace("\x00", "").strip()[: fields.MAX_NAME]

    def word(self, name: str, known: Collection[str]) -> str:
        text = self.text(name)
        return text if text in known else self._leave_out(text, f"There is no {name} “{{}}”.")

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if text.isascii() and text.isdigit():
            return min(int(text), _LARGEST_ID)
        self._leave_out(text, f"“{{}}” is no number of a {name}.")
        return None

    def day(self, name: str, at: time) -> datetime | None:
        text = self.text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is not None and 1970 < day.year < 3000:
            return datetime.combine(day, at, self.zone)
        self._leave_out(text, "“{}” is no day; write it as 2026-11-23.")
        return None

    def _leave_out(self, text: str, sentence: str) -> str:
        if text:
            self.left_out.append(sentence.format(text[:_SHOWN]))
        return ""
