"""The monitors of the web shop."""

from datetime import timedelta

from heartbeet.demo import disk_full
from heartbeet.demo.plan import Care, Dip, Habit, Ill, Job, Trouble, Value
from monitors.domain.fields import MonitorFields

_WEB1, _WEB2, _PAY = "192.0.2.31", "192.0.2.32", "2001:db8:31::44"

_MOVED_HOST = Trouble(
    ago=timedelta(days=33, hours=5),
    lasts=timedelta(hours=3),
    care=Care(
        "priya",
        acknowledged_min=6,
        notes=(
            (9, "web1 was rebuilt this morning and the crontab did not come along. Restoring it from etckeeper."),
            (160, "Crontab is back. Added it to the Ansible role so it cannot happen again."),
        ),
    ),
)

JOBS = (
    Job(
        MonitorFields(
            name="Stock sync to the shop",
            interval_sec=300,
            grace_sec=180,
            tags=["shop", "critical", "web1"],
            description="Copies stock levels from the warehouse database to the shop. If this stops we sell turnips "
            "we do not have.\n\nLogs: web1:/var/log/stock-sync.log\nRestart: systemctl restart stock-sync.timer",
        ),
        project="Shop",
        habit=Habit(takes_sec=9, source=_WEB1, method="GET", on_the_clock=True),
        told=("chat", "phone"),
        troubles=(
            disk_full.seen_by(
                "maya", (6, "Everything that talks to db01 fails. Disk full, see *Database statistics*.")
            ),
            _MOVED_HOST,
        ),
        mishaps=2,
    ),
    Job(
        MonitorFields(
            name="Import marketplace orders",
            interval_sec=600,
            grace_sec=240,
            tags=["shop", "orders", "web1"],
            description="Sends the number of orders it found as value. Zero at night is normal.",
        ),
        project="Shop",
        habit=Habit(takes_sec=14, source=_WEB1, value=Value(9, swing=14, noise=3, digits=0), on_the_clock=True),
        told=("chat", "tickets"),
        troubles=(disk_full.seen_by("maya", after_min=5),),
        mishaps=3,
    ),
    Job(
        MonitorFields(
            name="Order confirmation mails",
            interval_sec=600,
            grace_sec=300,
            recovery_threshold=2,
            tags=["shop", "mail"],
            description="mailer.py on web1. Flaps when the mail provider throttles us, so it has to be good twice.",
        ),
        project="Shop",
        habit=Habit(takes_sec=5, source=_WEB1, method="GET", on_the_clock=True),
        told=("chat",),
        troubles=(disk_full.PLAIN,),
        mishaps=4,
    ),
    Job(
        MonitorFields(
            name="Capture payments",
            cron="*/15 * * * *",
            grace_sec=300,
            remind_every_sec=3600,
            tags=["shop", "payments", "critical"],
            description="Money. Wake somebody up.\nRunbook: https://wiki.turnip.example/payments/capture",
        ),
        project="Shop",
        habit=Habit(
            takes_sec=6,
            source=_PAY,
            says="captured {number} authorisations, 0 declined, batch {small}",
            says_one_in=4,
            complains="capture: provider answered 502 Bad Gateway, 17 authorisations left for the next run",
        ),
        told=("chat", "phone", "tickets"),
        troubles=(
            disk_full.seen_by("tom", (5, "Same thing as the others: db01. Captures wait, nothing is lost.")),
            Trouble(
                ago=timedelta(days=51, hours=9),
                lasts=timedelta(hours=1, minutes=40),
                ill=Ill.FAILS,
                exit_code=75,
                says="capture: TLS handshake with api.pay.example failed: certificate has expired",
                care=Care(
                    "tom",
                    acknowledged_min=3,
                    notes=(
                        (5, "Their certificate ran out, not ours. On the phone with them."),
                        (70, "They are rolling out a new one. Nothing is lost, captures are valid for 7 days."),
                    ),
                ),
            ),
        ),
        mishaps=1,
    ),
    Job(
        MonitorFields(
            name="Search index",
            cron="*/15 * * * *",
            grace_sec=600,
            tags=["shop", "search"],
            description="reindex of changed products",
        ),
        project="Shop",
        habit=Habit(takes_sec=22, source=_WEB2, method="GET"),
        troubles=(disk_full.PLAIN,),
        mishaps=3,
    ),
    Job(
        MonitorFields(name="Abandoned basket mails", cron="*/30 * * * *", grace_sec=900, tags=["shop", "mail"]),
        project="Shop",
        habit=Habit(takes_sec=4, source=_WEB1, method="GET"),
        troubles=(disk_full.PLAIN,),
        mishaps=2,
    ),
    Job(
        MonitorFields(
            name="Price comparison feed",
            cron="0 * * * *",
            grace_sec=1200,
            max_runtime_sec=900,
            tags=["shop", "feeds"],
            description="Builds the XML for the three comparison sites and uploads it.",
        ),
        project="Shop",
        habit=Habit(
            takes_sec=210,
            starts=True,
            run_ids="feed-%Y%m%d%H",
            source=_WEB2,
            says="{number} products written, {small} skipped without a price, upload {size} MB",
            says_one_in=6,
        ),
        told=("chat",),
        troubles=(
            disk_full.PLAIN,
            Trouble(
                ago=timedelta(days=18, hours=3),
                lasts=timedelta(hours=2),
                ill=Ill.CRAWLS,
                care=Care(
                    "maya", acknowledged_min=25, notes=((31, "Somebody added 4,000 seed varieties. It needs paging."),)
                ),
            ),
        ),
        mishaps=2,
    ),
    Job(
        MonitorFields(
            name="Expire vouchers",
            cron="5 0 * * *",
            timezone="Europe/London",
            grace_sec=1800,
            tags=["shop"],
            description="just after midnight, local time",
        ),
        project="Shop",
        habit=Habit(takes_sec=11, source=_WEB1, says="{small} vouchers expired"),
        mishaps=1,
    ),
    Job(
        MonitorFields(
            name="Checkout page",
            interval_sec=60,
            grace_sec=240,
            alert_threshold=2,
            tags=["shop", "beacon", "critical"],
            description="The beacon in the footer of /checkout: pinged by whoever has the page open, at most once a "
            "minute. New, Maya is trying it out.",
        ),
        project="Shop",
        habit=Habit(takes_sec=0, jitter_sec=20, source="198.51.100.77", method="GET"),
        told=("chat",),
        mishaps=2,
        made_ago=timedelta(days=5, hours=2),
    ),
    Job(
        MonitorFields(
            name="Checkouts",
            type="beet",
            tags=["shop", "business"],
            description="One event for each paid basket, with its total. Fewer than usual for the hour is a reason to "
            "look at the payment provider first.",
        ),
        project="Shop",
        habit=Habit(source=_WEB2, value=Value(34, swing=6, noise=11, digits=2), events_per_day=110),
        dips=(
            Dip(timedelta(days=26), share=0.25, lasts=timedelta(hours=7), hour=9),
            Dip(timedelta(days=26), share=0.0, lasts=timedelta(hours=3), hour=16),
        ),
        mishaps=0,
    ),
    Job(
        MonitorFields(name="Newsletter sign-ups", type="beet", tags=["shop", "business", "marketing"]),
        project="Shop",
        habit=Habit(source=_WEB2, events_per_day=26),
        dips=(Dip(timedelta(days=4), share=0.25),),
        mishaps=0,
    ),
    Job(
        MonitorFields(
            name="Supplier webhooks",
            type="beet",
            tags=["shop", "suppliers"],
            description="Price changes from Radish Wholesale. Learning what is normal since we connected them.",
        ),
        project="Shop",
        habit=Habit(source="203.0.113.9", events_per_day=60),
        mishaps=0,
        made_ago=timedelta(days=6, hours=1),
    ),
    Job(
        MonitorFields(
            name="Exchange rates",
            cron="5 8-18 * * 1-5",
            timezone="Europe/Amsterdam",
            grace_sec=900,
            alert_threshold=2,
            tags=["shop", "finance"],
            description="Dutch suppliers are paid in euro. One missed hour does not matter, two do.",
        ),
        project="Shop",
        habit=Habit(takes_sec=2, source=_WEB1, value=Value(1.163, swing=0.004, noise=0.002, digits=4)),
        mishaps=3,
    ),
    Job(
        MonitorFields(
            name="Flash sale prices",
            interval_sec=900,
            grace_sec=300,
            tags=["shop", "seasonal"],
            description="Only in sale weeks. Paused until the next one, please do not delete.",
        ),
        project="Shop",
        habit=Habit(takes_sec=3, source=_WEB2, method="GET"),
        troubles=(Trouble(ago=timedelta(days=12), lasts=timedelta(days=30)),),
        mishaps=0,
        made_ago=timedelta(days=41),
        pauses=((timedelta(days=12), None),),
        is_tended=False,
    ),
)
