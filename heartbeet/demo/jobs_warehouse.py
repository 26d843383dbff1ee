"""The monitors of the warehouse, the greenhouses and the vans."""

from datetime import timedelta

from heartbeet.demo import disk_full
from heartbeet.demo.plan import Care, Habit, Ill, Job, Trouble, Value
from monitors.domain.fields import MonitorFields

_GATEWAY, _GREENHOUSE, _WMS = "203.0.113.20", "2001:db8:7::2", "192.0.2.52"

JOBS = (
    Job(
        MonitorFields(
            name="Cold store 1 temperature",
            interval_sec=900,
            grace_sec=600,
            tags=["sensor", "cold-chain"],
            description="Degrees Celsius. The sensor sits left of the door, so deliveries show as small peaks.",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=1, jitter_sec=12, source=_GATEWAY, value=Value(3.6, swing=0.7, noise=0.25)),
        told=("warehouse",),
        mishaps=2,
    ),
    Job(
        MonitorFields(
            name="Cold store 2 temperature",
            interval_sec=900,
            grace_sec=600,
            remind_every_sec=1800,
            tags=["sensor", "cold-chain", "critical"],
            description="Degrees Celsius. Over 7 we have two hours until we throw salad away.\n\n"
            "If it is silent, somebody has to walk over and read the dial: call the warehouse office, 020 7946 0113.",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=1, jitter_sec=12, source=_GATEWAY, value=Value(4.4, swing=0.9, noise=0.3)),
        told=("warehouse", "chat", "phone", "tickets"),
        troubles=(
            Trouble(
                ago=timedelta(hours=3, minutes=10),
                lasts=timedelta(days=30),
                care=Care(
                    "sam",
                    acknowledged_min=7,
                    notes=(
                        (11, "Walked over: the dial says 4.6, so the room is fine. The sensor's radio is dead."),
                        (95, "Spare battery did not help. A new sensor comes with the afternoon delivery."),
                    ),
                ),
            ),
        ),
        mishaps=3,
        is_tended=False,
    ),
    Job(
        MonitorFields(
            name="Greenhouse humidity",
            interval_sec=1800,
            grace_sec=900,
            tags=["sensor", "greenhouse"],
            description="Snoozed while the electrician rewires house B.",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=1, jitter_sec=30, source=_GREENHOUSE, value=Value(61, swing=9, noise=3, digits=0)),
        told=("warehouse",),
        troubles=(Trouble(ago=timedelta(hours=8), lasts=timedelta(days=30)),),
        mishaps=3,
        snoozed=(timedelta(hours=21), timedelta(days=3)),
        is_tended=False,
    ),
    Job(
        MonitorFields(name="Label printer queue", cron="*/15 * * * *", grace_sec=420, tags=["warehouse", "printing"]),
        project="Warehouse",
        habit=Habit(takes_sec=2, source=_WMS, method="GET"),
        told=("warehouse",),
        troubles=(disk_full.PLAIN,),
        mishaps=4,
    ),
    Job(
        MonitorFields(
            name="Pick lists",
            cron="*/30 * * * *",
            grace_sec=600,
            tags=["warehouse", "orders", "critical"],
            description="Without pick lists nobody packs. The old ones stay on the tablets for an hour or so.",
        ),
        project="Warehouse",
        habit=Habit(
            takes_sec=8,
            source=_WMS,
            says="{small} lists, {number} lines",
            says_one_in=3,
            complains="wms: deadlock detected while locking pick_list, gave up after 5 tries",
        ),
        told=("warehouse", "chat"),
        troubles=(disk_full.seen_by("sam", (8, "Packing goes on with the lists we have."), after_min=7),),
        mishaps=3,
    ),
    Job(
        MonitorFields(
            name="Van route planning",
            cron="30 3 * * 1-6",
            timezone="Europe/London",
            grace_sec=1200,
            max_runtime_sec=2700,
            tags=["vans", "solver"],
            description="Has to be there when the drivers come in at five. Takes 20 to 30 minutes; longer means the "
            "solver found no solution and keeps trying.",
        ),
        project="Warehouse",
        habit=Habit(
            takes_sec=1380,
            starts=True,
            run_ids="routes-%Y-%m-%d",
            source=_WMS,
            says="{small} vans, {number} stops, best solution after {seconds} s, gap 1.8 %",
            complains="solver: no feasible solution, 3 stops have no time window that fits",
        ),
        told=("warehouse", "chat", "phone"),
        troubles=(
            Trouble(
                ago=timedelta(days=16),
                lasts=timedelta(minutes=1),
                ill=Ill.CRAWLS,
                care=Care(
                    "amir",
                    acknowledged_min=14,
                    notes=((18, "Two vans are in the garage and it cannot cover the north. Took three stops out."),),
                ),
            ),
            Trouble(
                ago=timedelta(days=58),
                lasts=timedelta(minutes=1),
                ill=Ill.FAILS,
                exit_code=137,
                says="Killed",
                care=Care("amir", acknowledged_min=30, notes=((34, "Out of memory. Gave it 16 GB."),), resolved_min=95),
            ),
        ),
        mishaps=1,
    ),
    Job(
        MonitorFields(
            name="Stock count against the ledger",
            cron="0 * * * *",
            grace_sec=900,
            max_runtime_sec=1200,
            tags=["warehouse", "finance"],
        ),
        project="Warehouse",
        habit=Habit(takes_sec=95, starts=True, source=_WMS),
        troubles=(disk_full.PLAIN,),
        mishaps=2,
    ),
    Job(
        MonitorFields(name="Van GPS positions", cron="*/15 * * * *", grace_sec=600, tags=["vans", "sensor"]),
        project="Warehouse",
        habit=Habit(takes_sec=18, source="198.51.100.14", method="GET"),
        troubles=(disk_full.PLAIN,),
        mishaps=4,
    ),
    Job(
        MonitorFields(
            name="Carrier tracking import",
            cron="*/20 * * * *",
            grace_sec=900,
            tags=["orders", "carriers"],
            description="their API is down every other sunday, no need to panic",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=12, source=_WMS, method="GET"),
        troubles=(disk_full.PLAIN,),
        mishaps=4,
    ),
    Job(
        MonitorFields(
            name="Forklift battery report",
            interval_sec=21_600,
            grace_sec=3600,
            tags=["warehouse", "sensor"],
            description="Charging station in hall 2",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=3, jitter_sec=60, source=_GATEWAY, value=Value(82, swing=-25, noise=6, digits=0)),
        mishaps=2,
        pauses=((timedelta(days=30), timedelta(days=2, hours=4)),),
    ),
    Job(
        MonitorFields(
            name="Scanner gateway",
            interval_sec=600,
            grace_sec=240,
            alert_delay_sec=600,
            tags=["warehouse", "network"],
            description="The hand scanners lose the network behind the cold stores all the time. Only tell us when it "
            "lasts.",
        ),
        project="Warehouse",
        habit=Habit(takes_sec=0, jitter_sec=25, source=_GATEWAY, method="GET"),
        told=("warehouse",),
        troubles=(Trouble(ago=timedelta(days=2, hours=6), lasts=timedelta(minutes=11)),),
        mishaps=5,
        made_ago=timedelta(days=27),
    ),
    Job(
        MonitorFields(
            name="Sorting line 3",
            interval_sec=300,
            grace_sec=120,
            tags=["warehouse", "machines"],
            description="New line, the installer wires up the ping on Thursday.",
        ),
        project="Warehouse",
        made_ago=timedelta(hours=3),
        mishaps=0,
        is_tended=False,
        is_pinged=False,
    ),
    Job(
        MonitorFields(name="Old weighbridge", interval_sec=3600, grace_sec=1800, tags=["warehouse", "machines"]),
        project="Warehouse",
        habit=Habit(takes_sec=0, jitter_sec=90, source="203.0.113.71", method="GET"),
        mishaps=2,
        locked_ago=timedelta(days=4),
    ),
    Job(
        MonitorFields(
            name="Harvest forecast",
            interval_sec=43_200,
            grace_sec=7200,
            max_runtime_sec=10_800,
            tags=["greenhouse", "model"],
            description="The model of the university. Needs an hour or so, and their GPU.",
        ),
        project="Warehouse",
        habit=Habit(
            takes_sec=3900,
            starts=True,
            run_ids="forecast-%Y%m%d-%H",
            source="198.51.100.200",
            says="epoch {small}: loss 0.0{number}, {size} MB of satellite tiles read",
            last_ago=timedelta(hours=5),
        ),
        told=("chat",),
        troubles=(Trouble(ago=timedelta(hours=5, minutes=30), lasts=timedelta(days=30), ill=Ill.HANGS),),
        mishaps=3,
        is_tended=False,
    ),
    Job(
        MonitorFields(
            name="Waste register",
            cron="0 21 * * *",
            timezone="Europe/London",
            grace_sec=5400,
            post_only=True,
            tags=["warehouse", "compliance"],
            description="Somebody pasted the URL into the chat and its preview counted as a report. Hence POST only.",
        ),
        project="Warehouse",
        habit=Habit(
            takes_sec=15,
            jitter_sec=600,
            source=_WMS,
            says="{small} entries, {number} kg composted",
            previews=True,
        ),
        mishaps=2,
    ),
)
