"""The projects of an organisation, among its settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import Project
from accounts.web.components import Ask
from accounts.web.organization import tabs
from heartbeet.lib import clock
from monitors import projects

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All projects, and how many monitors each has."""
    who = access.require(request, Scope.MONITORS_READ)
    shown = {"rows": projects.of(who.organization), "can_edit": who.allows(Scope.MONITORS_WRITE)}
    return render(request, "organization/projects.html", {**shown, "tabs": tabs.of(who, "monitors:projects")})


@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Makes a project."""
    who = access.require(request, Scope.MONITORS_WRITE)
    try:
        name = request.POST.get("name", "")
        made = projects.create(organization=who.organization, name=name, by=who.actor, now=clock.now())
        messages.success(request, f"The project “{made.name}” is ready.")
    except projects.BadName as refusal:
        messages.error(request, str(refusal))
    return redirect("monitors:projects")


@require_POST
def rename(request: HttpRequest, project_id: int) -> HttpResponse:
    """Gives a project another name."""
    who, project = _find(request, project_id)
    try:
        projects.rename(project=project, name=request.POST.get("name", ""), by=who.actor, now=clock.now())
        messages.success(request, "Saved.")
    except projects.BadName as refusal:
        messages.error(request, str(refusal))
    return redirect("monitors:projects")


@_ask_then_do
def delete(request: HttpRequest, project_id: int) -> HttpResponse:
    """Asks, then deletes a project without monitors."""
    who, project = _find(request, project_id)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(project)})
    try:
        projects.delete(project=project, by=who.actor, now=clock.now())
        messages.success(request, f"The project “{project.name}” is deleted.")
    except (projects.NotEmpty, projects.LastProject) as refusal:
        messages.error(request, str(refusal))
    return redirect("monitors:projects")


def _find(request: HttpRequest, project_id: int) -> tuple[Access, Project]:
    """Who asks, and the project; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    project = get_object_or_404(projects.of(who.organization).select_related("organization"), id=project_id)
    who.demand(Scope.MONITORS_WRITE)
    return who, project


def _question(project: Project) -> Ask:
    return Ask(
        title=f"Delete the project “{project.name}”?",
        lead="Only a project without monitors can be deleted.",
        losses=(f"Scripts that make monitors in “{project.slug}” are refused.",),
        button="Delete the project",
        back=reverse("monitors:projects"),
        back_label="Projects",
    )
