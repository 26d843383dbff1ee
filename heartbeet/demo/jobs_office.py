"""The monitors of the office: databases, backups, money."""

from datetime import timedelta

from heartbeet.demo import disk_full
from heartbeet.demo.plan import Care, Habit, Ill, Job, Trouble, Value
from monitors.domain.fields import MonitorFields

_DB, _NAS, _CI = "192.0.2.21", "192.0.2.80", "198.51.100.131"

JOBS = (
    Job(
        MonitorFields(
            name="Nightly backup of db01",
            cron="15 2 * * *",
            timezone="Europe/London",
            grace_sec=1800,
            max_runtime_sec=7200,
            tags=["backup", "database", "critical"],
            description="pg_basebackup, then restic to nas02.\n\nIf it fails:\n1. Is nas02 full? df -h /srv/restic\n"
            "2. `systemctl status pg-backup` on db01\n3. Start it again by hand, it takes about 40 minutes. Before ten "
            "in the morning nobody notices.",
        ),
        project="Office",
        habit=Habit(
            takes_sec=2280,
            starts=True,
            run_ids="backup-%Y-%m-%d",
            source=_DB,
            says="pg_basebackup: base backup completed\nFiles: {number} new, {small} changed, 48120 unmodified\n"
            "Added to the repository: {size} GiB\nsnapshot 9f3c{number}e saved\nprune: {small} snapshots removed\nok, "
            "{seconds} s",
            complains="restic: Fatal: unable to save snapshot: ReadFull: connection reset by peer\nexit status 1",
        ),
        told=("chat", "phone", "tickets"),
        troubles=(
            Trouble(
                ago=timedelta(days=22),
                lasts=timedelta(minutes=1),
                ill=Ill.FAILS,
                exit_code=1,
                says="pg_basebackup: base backup completed\nrestic: Fatal: unable to save snapshot: write "
                "/srv/restic/data/9f: no space left on device\nexit status 1",
                care=Care(
                    "priya",
                    acknowledged_min=212,
                    notes=(
                        (215, "nas02 was full: 1.1 TB of drone videos of the fields. Moved them to the archive."),
                        (260, "Ran it by hand, fine. It will say so itself tonight; resolving."),
                    ),
                    resolved_min=262,
                ),
            ),
            Trouble(
                ago=timedelta(days=44),
                lasts=timedelta(minutes=1),
                ill=Ill.CRAWLS,
                care=Care("priya", acknowledged_min=150, notes=((155, "It verified the whole repository. Harmless."),)),
            ),
        ),
        mishaps=1,
    ),
    Job(
        MonitorFields(
            name="Restore test",
            cron="0 6 * * 0",
            timezone="Europe/London",
            grace_sec=7200,
            max_runtime_sec=14_400,
            tags=["backup", "database"],
            description="Restores last night's backup into a scratch database and counts the orders. A backup nobody "
            "has restored is a rumour.",
        ),
        project="Office",
        habit=Habit(
            takes_sec=5100,
            starts=True,
            run_ids="restore-%G-W%V",
            source=_DB,
            says="restored in {seconds} s, {number} orders, newest 4 h old",
        ),
        told=("chat",),
        mishaps=0,
    ),
    Job(
        MonitorFields(
            name="Off-site copy",
            interval_sec=86_400,
            grace_sec=1800,
            tags=["backup"],
            description="rclone to the second building",
        ),
        project="Office",
        habit=Habit(
            takes_sec=5,
            jitter_sec=5,
            source=_NAS,
            says="Transferred: {size} GiB, 100 %, {small} MiB/s",
            last_ago=timedelta(hours=6, minutes=18),
        ),
        mishaps=2,
        is_tended=False,
    ),
    Job(
        MonitorFields(
            name="Certificate renewal",
            interval_sec=43_200,
            grace_sec=3600,
            tags=["web", "network"],
            description="certbot twice a day",
        ),
        project="Office",
        habit=Habit(takes_sec=4, jitter_sec=5, source=_NAS, method="GET", last_ago=timedelta(hours=6, minutes=17)),
        mishaps=1,
        is_tended=False,
    ),
    Job(
        MonitorFields(
            name="Database statistics",
            cron="0 * * * *",
            grace_sec=1200,
            tags=["database"],
            description="vacuum analyze of the big tables. The first to notice when db01 is unwell.",
        ),
        project="Office",
        habit=Habit(takes_sec=48, source=_DB, method="GET"),
        told=("chat", "phone"),
        troubles=(
            disk_full.seen_by(
                "priya",
                (7, "/var/lib/postgresql is at 100 %. An inactive replication slot has kept 212 GB of WAL."),
                (13, "Dropped the slot of the old replica, db01 is coming back."),
                (75, "All green. Follow-up: alert on the size of replication slots, and take the old replica down."),
                after_min=2,
            ),
        ),
        mishaps=2,
    ),
    Job(
        MonitorFields(name="Mail queue", cron="*/15 * * * *", grace_sec=900, tags=["mail"]),
        project="Office",
        habit=Habit(takes_sec=1, source="192.0.2.25", value=Value(4, swing=9, noise=4, digits=0)),
        troubles=(
            disk_full.PLAIN,
            Trouble(
                ago=timedelta(days=3, hours=6),
                lasts=timedelta(minutes=10),
                ill=Ill.FAILS,
                says="postqueue: fatal: Queue report unavailable - mail system is down",
            ),
        ),
        mishaps=3,
    ),
    Job(
        MonitorFields(
            name="Payroll export",
            cron="0 7 25 * *",
            timezone="Europe/London",
            grace_sec=14_400,
            tags=["finance", "people"],
            description="On the 25th. Ask Grace before you touch anything here.",
        ),
        project="Office",
        habit=Habit(takes_sec=40, source="192.0.2.90", says="{small} payslips exported"),
        told=("tickets",),
        mishaps=0,
    ),
    Job(
        MonitorFields(
            name="Invoices to the bookkeeper",
            cron="0 18 * * *",
            timezone="Europe/London",
            grace_sec=3600,
            tags=["finance"],
            description="SFTP to Beancount & Partners. They change the password every quarter and tell nobody.",
        ),
        project="Office",
        habit=Habit(takes_sec=25, source="192.0.2.90", says="{small} invoices uploaded, {size} MB"),
        told=("tickets",),
        troubles=(
            Trouble(
                ago=timedelta(hours=47),
                lasts=timedelta(days=30),
                ill=Ill.FAILS,
                exit_code=5,
                says="sftp: Permission denied (publickey,password).\nlost connection\n12 invoices left in the outbox",
            ),
        ),
        mishaps=2,
        is_tended=False,
    ),
    Job(
        MonitorFields(
            name="Nightly build",
            cron="30 1 * * 1-5",
            timezone="America/New_York",
            grace_sec=3600,
            max_runtime_sec=3600,
            tags=["ci"],
            description="GitHub Actions of the app team in Boston",
        ),
        project="Office",
        habit=Habit(
            takes_sec=840,
            starts=True,
            run_ids="actions-%y%j",
            source=_CI,
            says="{number} tests passed in {seconds} s",
            complains="FAILED tests/checkout/test_vouchers.py::test_expired_voucher_is_refused\n1 failed, 1843 passed",
        ),
        mishaps=6,
    ),
    Job(
        MonitorFields(
            name="Disk space on nas02",
            cron="0 * * * *",
            grace_sec=1800,
            tags=["storage"],
            description="percent used of /srv",
        ),
        project="Office",
        habit=Habit(takes_sec=1, source=_NAS, value=Value(74, swing=2, noise=1.2)),
        troubles=(disk_full.PLAIN,),
        mishaps=1,
    ),
    Job(
        MonitorFields(
            name="Photo archive to tape",
            interval_sec=86_400,
            grace_sec=43_200,
            tags=["backup", "archive"],
            description="Somebody has to change the tape, so half a day late is fine.",
        ),
        project="Office",
        habit=Habit(
            takes_sec=30,
            jitter_sec=900,
            source=_NAS,
            says="tape T{small}: {size} GB written, verified",
            last_ago=timedelta(hours=27, minutes=20),
        ),
        mishaps=1,
        is_tended=False,
    ),
)
