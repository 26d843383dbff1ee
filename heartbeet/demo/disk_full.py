"""The day on which the disk of the database was full, and fifteen jobs failed within a minute."""

from dataclasses import replace
from datetime import timedelta

from heartbeet.demo.plan import Care, Ill, Trouble

PLAIN = Trouble(
    ago=timedelta(days=9, hours=1),
    lasts=timedelta(minutes=20),
    ill=Ill.FAILS,
    exit_code=1,
    says='psycopg.OperationalError: connection to server at "db01.turnip.example" (192.0.2.21), port 5432 failed:\n'
    "FATAL:  the database system is not accepting connections\n"
    'DETAIL:  PANIC: could not write to file "pg_wal/xlogtemp.4711": No space left on device',
    on_the_hour=True,
)
"""Without anybody who looks after it: there were fourteen others."""


def seen_by(person: str, *notes: tuple[float, str], after_min: float = 4) -> Trouble:
    """The same, with somebody who acknowledges this one and writes down what they find."""
    return replace(PLAIN, care=Care(person, acknowledged_min=after_min, notes=notes))
