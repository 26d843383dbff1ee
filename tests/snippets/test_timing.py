"""Schedules in other words. The times for systemd were compared with `systemd-analyze calendar`."""

import pytest

from monitors.web.snippets import timing

CRONS = [
    # cron, for other crons, for systemd
    ("30 3 * * *", "30 3 * * *", ["*-*-* 03:30:00"]),
    ("* * * * *", "* * * * *", ["*-*-* *:*:00"]),
    ("*/5 * * * *", "*/5 * * * *", ["*-*-* *:00/5:00"]),
    ("0 */7 * * *", "0 */7 * * *", ["*-*-* 00/7:00:00"]),
    ("1-10/3 * * * *", "1-10/3 * * * *", ["*-*-* *:01,04,07,10:00"]),  # it ends before the hour does
    ("5/15 * * * *", "5,20,35,50 * * * *", ["*-*-* *:05/15:00"]),  # not every cron knows 5/15
    ("0 9-17 * * 1-5", "0 9-17 * * 1-5", ["Mon..Fri *-*-* 09..17:00:00"]),
    ("0 0 * * mon-fri", "0 0 * * 1-5", ["Mon..Fri *-*-* 00:00:00"]),
    ("0 0 * * 7", "0 0 * * 0", ["Sun *-*-* 00:00:00"]),  # Kubernetes refuses 7
    ("0 0 * * 5-7", "0 0 * * 0,5,6", ["Fri..Sun *-*-* 00:00:00"]),
    ("0 0 * * 0,3", "0 0 * * 0,3", ["Wed,Sun *-*-* 00:00:00"]),
    ("0 0 * * */2", "0 0 * * */2", ["Tue,Thu,Sat,Sun *-*-* 00:00:00"]),
    ("0 0 1 JAN-MAR *", "0 0 1 1-3 *", ["*-01..03-01 00:00:00"]),
    ("0 0 * */3 *", "0 0 * */3 *", ["*-01/3-* 00:00:00"]),
    ("0 0 1,15 * 1", "0 0 1,15 * 1", ["*-*-01,15 00:00:00", "Mon *-*-* 00:00:00"]),  # either is enough
    ("0 0 1 * 1-7", "0 0 1 * 0-6", ["*-*-01 00:00:00", "*-*-* 00:00:00"]),  # and not `*`, which would mean both
    ("0 0 */2 * 1", "0 0 */2 * 1", ["Mon *-*-01/2 00:00:00"]),  # a star means both
    ("0 0 L * *", None, ["*-*~01 00:00:00"]),
    ("0 0 1,L * *", None, ["*-*-01 00:00:00", "*-*~01 00:00:00"]),
    ("0 9 * * 5L", None, ["Fri *-*~07/1 09:00:00"]),
    ("0 9 * * 2#1", None, ["Tue *-*-01..07 09:00:00"]),
    ("0 9 * * 1#5", None, ["Mon *-*-29..31 09:00:00"]),
    ("0 9 * * 1,5L", None, ["Mon *-*-* 09:00:00", "Fri *-*~07/1 09:00:00"]),
    ("0 9 LW * *", None, []),  # systemd has no last workday
    ("0 0 */2 * 2#1", None, []),  # nor two conditions on the day of the month
]


@pytest.mark.parametrize(("cron", "plain", "calendar"), CRONS)
def test_a_cron_means_the_same_in_other_words(cron: str, plain: str | None, calendar: list[str]) -> None:
    assert timing.plain_cron(cron) == plain
    assert timing.on_calendar(cron, "UTC") == tuple(f"{each} UTC" for each in calendar)


@pytest.mark.parametrize(
    ("interval_sec", "cron"),
    [
        (5, "* * * * *"),  # cron has nothing shorter
        (60, "* * * * *"),
        (90, "* * * * *"),
        (120, "*/2 * * * *"),
        (300, "*/5 * * * *"),
        (420, "*/6 * * * *"),
        (2_700, "*/30 * * * *"),
        (3_600, "0 * * * *"),
        (5_400, "0 * * * *"),
        (43_200, "0 */12 * * *"),
        (86_400, "0 0 * * *"),
        (604_800, "0 0 * * 0"),
        (2_592_000, "0 0 * * 0"),  # 30 days: some months are longer
        (2_678_400, "0 0 1 * *"),
        (31_622_400, "0 0 1 1 *"),
    ],
)
def test_an_interval_becomes_the_slowest_cron_that_keeps_it(interval_sec: int, cron: str) -> None:
    assert timing.nearest_cron("", interval_sec) == cron


@pytest.mark.parametrize("interval_sec", [None, 60, 300, 3_600, 86_400, 604_800])
def test_nothing_is_doubtful_where_cron_has_the_interval(interval_sec: int | None) -> None:
    assert timing.doubt("", interval_sec, "Cron") == ""
