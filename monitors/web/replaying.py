"""The replay in a beet's form: what the settings that were typed would have said of its past."""

import copy
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.roles import Scope
from heartbeet.lib import clock, words
from monitors import rehearsals
from monitors.domain import schedule
from monitors.models import Monitor
from monitors.web import present_replay, rhythm_form, views
from monitors.web.present_replay import Panel

_TYPED = ("rho", "budget", "beet_zone")


@require_safe
def replay(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """How often a beet would have alerted, while its form is being filled in."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    shown = {"replay": panel(monitor, request.GET.dict(), tell)}
    return render(request, "monitors/form/replay_told.html", shown)


def panel(monitor: Monitor, typed: Mapping[str, Any], tell: words.Teller) -> Panel:
    """What the replay says to what was typed so far; what was not is as the monitor has it."""
    form = rhythm_form.RhythmForm(
        {name: typed.get(name, value) for name, value in rhythm_form.initial(monitor).items() if name in _TYPED},
        initial=rhythm_form.initial(monitor),
    )
    form.keep_own_drop()
    problems = [str(problem) for each in form.errors.values() for problem in each]
    if problems:
        return Panel(problems=tuple(problems))
    wanted = copy.copy(monitor)
    for name, value in form.rhythm().items():
        setattr(wanted, name, value)
    try:
        schedule.check_zone(wanted.timezone)
    except schedule.BadSchedule as bad:
        return Panel(problems=(str(bad),))
    return present_replay.panel(rehearsals.of_monitor(wanted, now=tell.now), tell)
