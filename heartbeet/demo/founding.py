"""The company as its people would have set it up, by the operations that they use: people, projects, channels,
monitors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.domain.actor import Actor
from accounts.models import Membership, Organization, Project, User
from alerts import operations as alerts_operations
from alerts import subscriptions
from alerts.models import Channel
from heartbeet.demo.plan import Company, Job
from monitors import boards, operations, policies, projects
from monitors.domain import schedule
from monitors.models import Monitor, Widget

FOUNDED = timedelta(days=140)


class PlanTooSmall(ValueError):
    """The plan of new organisations has no room for the demo; the message says what it needs."""


@dataclass(frozen=True, slots=True)
class Founded:
    """The company as rows: people, channels and monitors by the names that the plan has for them."""

    organization: Organization
    people: Mapping[str, User]
    channels: Mapping[str, Channel]
    monitors: Mapping[str, Monitor]
    secrets: Mapping[str, operations.Secrets]

    def actor(self, key: str) -> Actor:
        """A person of the plan who acts."""
        user = self.people[key]
        return Actor(user_id=user.id, email=user.email)


def check_plan(company: Company) -> None:
    """Raise PlanTooSmall unless a new organisation may have all of the company's monitors."""
    plan, count = accounts_queries.default_plan(), len(company.jobs)
    if plan.monitor_limit is not None and plan.monitor_limit < count:
        raise PlanTooSmall(f"The plan {plan.name} allows {plan.monitor_limit} monitors, and the demo has {count}.")
    given = [job.fields for job in company.jobs if not job.is_beet]
    shortest = min(schedule.shortest_period_sec(each.interval_sec, each.cron) for each in given)
    floor = plan.interval_floor_sec
    if floor > shortest:
        raise PlanTooSmall(f"The plan {plan.name} allows a ping every {floor} s, and the demo needs {shortest} s.")


def found(company: Company, owner: User, *, now: datetime) -> Founded:
    """Make the organisation, 140 days ago, and all that it has. Its default channel is the company's own: the owner's
    address may be real, and nobody may be written to."""
    founded_at = now - FOUNDED
    organization = _organization(company, owner, founded_at)
    people = {company.people[0].key: owner, **_hired(company, organization, founded_at)}
    by = Actor(user_id=owner.id, email=owner.email)
    homes = _projects(company, organization, by, founded_at)
    channels = _channels(company, organization, by, founded_at + timedelta(hours=1))
    policies.edit(organization=organization, changes=company.policy, by=by, now=founded_at + timedelta(hours=2))
    staff = [Actor(user_id=user.id, email=user.email) for user in list(people.values())[:4]]
    made = {
        job.name: _monitor(job, organization, homes, channels, staff[place % len(staff)], now - job.made_ago)
        for place, job in enumerate(company.jobs)
    }
    monitors = {name: each.monitor for name, each in made.items()}
    _boards(company, organization, monitors, staff[0], now)
    return Founded(organization, people, channels, monitors, {name: each.secrets for name, each in made.items()})


def _organization(company: Company, owner: User, at: datetime) -> Organization:
    membership = accounts_operations.create_organization(name=company.name, owner=owner, now=at)
    accounts_operations.mint_token(
        membership=membership,
        name="Wall display",
        scopes=["monitors:read", "incidents:read"],
        by=accounts_operations.actor_of(membership),
        now=at + timedelta(days=3),
    )
    return membership.organization


def _hired(company: Company, organization: Organization, at: datetime) -> dict[str, User]:
    """The others. They are made as they are, for an invitation would write a letter; nobody can sign in as one of
    them."""
    people = {}
    for place, person in enumerate(company.people[1:], start=1):
        email, joined = f"{person.key}@{company.domain}", at + timedelta(days=place)
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=person.name, timezone=person.timezone, date_joined=joined
        )
        Membership.objects.create(user=user, organization=organization, role=person.role, created_at=joined)
        people[person.key] = user
    return people


def _projects(company: Company, organization: Organization, by: Actor, at: datetime) -> dict[str, Project]:
    first = organization.projects.get()
    made = {name: projects.create(organization=organization, name=name, by=by, now=at) for name in company.projects}
    projects.delete(project=first, by=by, now=at)
    return made


def _channels(company: Company, organization: Organization, by: Actor, at: datetime) -> dict[str, Channel]:
    return {
        each.key: alerts_operations.create_channel(
            organization=organization,
            kind=each.kind,
            name=each.name,
            config=each.config,
            is_enabled=each.is_enabled,
            is_default=each.is_default,
            is_fallback=each.is_fallback,
            by=by,
            now=at,
        )
        for each in company.channels
    }


def _monitor(
    job: Job,
    organization: Organization,
    homes: Mapping[str, Project],
    channels: Mapping[str, Channel],
    by: Actor,
    at: datetime,
) -> operations.Created:
    told = [key for key, channel in channels.items() if channel.is_default or key in job.told]
    return subscriptions.create_monitor(
        organization=organization,
        project=homes[job.project],
        fields=job.fields,
        channel_ids=[channels[key].id for key in told],
        contacts={},
        by=by,
        now=at,
    )


def _boards(
    company: Company, organization: Organization, monitors: Mapping[str, Monitor], by: Actor, now: datetime
) -> None:
    """The boards, put together a week ago. A company that is told shorter has widgets only of what it has."""
    at = now - timedelta(days=7)
    for plan in company.boards:
        board = boards.create(organization=organization, name=plan.name, by=by, now=at)
        for name, kind, width in plan.widgets:
            if name in monitors:
                widget = boards.add(board=board, kind=kind, monitor=monitors[name], by=by, now=at)
                Widget.objects.filter(id=widget.id).update(width=width)


def told(job: Job, company: Company) -> Sequence[str]:
    """The keys of the channels that are told of a job, and that are switched on."""
    return [each.key for each in company.channels if each.is_enabled and (each.is_default or each.key in job.told)]
