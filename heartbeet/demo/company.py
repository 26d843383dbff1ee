"""Turnip & Sons: a family that grows vegetables, packs them into boxes and drives them around. All of it is made up,
and every address is under .example, which leads nowhere (RFC 2606)."""

from datetime import timedelta

from accounts.domain.roles import Role
from alerts.domain.retry import Failure
from heartbeet.demo import jobs_office, jobs_shop, jobs_warehouse
from heartbeet.demo.plan import Board, Channel, Company, Outage, Person

PEOPLE = (
    Person("rosa", "Rosa Turnip", Role.OWNER),
    Person("priya", "Priya Raman", Role.ADMIN),
    Person("tom", "Tom Okafor", Role.ADMIN),
    Person("maya", "Maya Lindqvist", Role.MEMBER, "Europe/Stockholm"),
    Person("sam", "Sam Whitlock", Role.MEMBER),
    Person("amir", "Amir Haddad", Role.MEMBER),
    Person("grace", "Grace Turnip", Role.VIEWER),
    Person("audit", "Beancount & Partners", Role.VIEWER, "Europe/Amsterdam"),
)

CHANNELS = (
    Channel("ops", "email", "Operations", {"to": "ops@turnip.example"}, is_default=True),
    Channel("warehouse", "email", "Warehouse office", {"to": "warehouse@turnip.example"}),
    Channel(
        "chat",
        "mattermost",
        "#it-alerts",
        {"url": "https://chat.turnip.example/hooks/xq7f3kd8wjyhzr5m1c9p4b6tne"},
    ),
    Channel("tickets", "webhook", "Ticket system", {"url": "https://tickets.turnip.example/api/hooks/heartbeet"}),
    Channel(
        "phone",
        "ntfy",
        "Phone of who is on call",
        {"url": "https://push.turnip.example", "topic": "turnip-oncall-Vb9Rx7Kq2m", "priority": "5"},
        is_fallback=True,
    ),
    Channel("old", "email", "Old IT list", {"to": "it-old@turnip.example"}, is_enabled=False),
)

BOARDS = (
    Board(
        "Shop today",
        (
            ("Checkouts", "counter", 2),
            ("Checkouts", "record", 1),
            ("Checkouts", "last_seen", 1),
            ("Checkouts", "rate", 2),
            ("Checkouts", "week", 2),
            ("Newsletter sign-ups", "counter", 2),
            ("Newsletter sign-ups", "status", 1),
            ("Checkout page", "status", 1),
            ("Newsletter sign-ups", "rate", 2),
            ("Newsletter sign-ups", "week", 2),
        ),
    ),
)

OUTAGES = (
    Outage(
        "chat",
        ago=timedelta(days=18, hours=4),
        lasts=timedelta(hours=5),
        error="Mattermost answered 404: Unable to find the incoming webhook.",
        failure=Failure.MISSING,
        status_code=404,
    ),
    Outage(
        "ops",
        ago=timedelta(days=3, hours=6, minutes=5),
        lasts=timedelta(hours=1),
        error="The mail server mail.turnip.example did not answer in time.",
    ),
    Outage(
        "tickets",
        ago=timedelta(days=51, hours=10),
        lasts=timedelta(days=1, hours=2),
        error="The receiver answered 503 Service Unavailable.",
        status_code=503,
    ),
)

EXCUSES = (
    "Host was rebooted for kernel updates.",
    "Network hiccup at the provider, came back by itself.",
    "My fault, I had it open in a debugger.",
    "Deploy took longer than usual.",
    "Ran it again by hand, all fine.",
    "Lock held by the monthly report. Moved that to the weekend.",
    "Looking into it.",
    "Same as last week. We really should fix this properly.",
)

TURNIP_AND_SONS = Company(
    name="Turnip & Sons",
    domain="turnip.example",
    people=PEOPLE,
    projects=("Shop", "Warehouse", "Office"),
    channels=CHANNELS,
    boards=BOARDS,
    jobs=(*jobs_shop.JOBS, *jobs_warehouse.JOBS, *jobs_office.JOBS),
    outages=OUTAGES,
    gap=(timedelta(hours=6, minutes=20), timedelta(minutes=4)),
    policy={"alert_delay_sec": 0, "remind_every_sec": 14_400, "recovery_threshold": 1},
    excuses=EXCUSES,
)
