"""What is known of a beet's rhythm: how many events each hour had, what was learned of them, where judgement stands."""

from django.db import models
from django.db.models import Q

from monitors.models.configuration import Monitor


class HourlyCount(models.Model):
    """How many events a beet had in each hour of a UTC day: 24 little-endian 32-bit integers. Bit h of `floors` says
    that in hour h more came than were counted: the limiter turned some away."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, db_index=False, related_name="hourly_counts")
    day = models.DateField()
    counts = models.BinaryField(max_length=96)
    floors = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "day"], name="hourly_count_once_a_day")]

    def __str__(self) -> str:
        return f"events of monitor {self.monitor_id} on {self.day}"


class RollupMark(models.Model):
    """Up to which hour events are in `HourlyCount`. One row, locked by whoever rolls on."""

    rolled_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"rolled up until {self.rolled_until:%Y-%m-%d %H}:00"


class Rhythm(models.Model):
    """What a monitor has learned, and where the judgement of a beet stands; one per beet, made with it, and one per
    heartbeat that learns a band of values.

    `rates` are events an hour for each of 168 local hours of the week as little-endian 32-bit floats, times `level`;
    `burst` and `wobble` are c and v of Var(n) = c·λ + v·λ². Empty `rates` have not been learned yet: `learned_from`,
    `learned_to` and `events` say then how far it is. `bands` are 24 lows and 24 highs of the value, one for each local
    hour of the day, as little-endian 64-bit floats.

    The rest is `domain.arms.Arms` as of `evaluated_at`; `limited_count` is the pulse's as of the last hour that was
    rolled up."""

    monitor = models.OneToOneField(Monitor, on_delete=models.CASCADE, primary_key=True, related_name="rhythm")
    learned_at = models.DateTimeField(null=True, blank=True)
    learned_from = models.DateTimeField(null=True, blank=True)
    learned_to = models.DateTimeField(null=True, blank=True)
    events = models.PositiveBigIntegerField(default=0)
    zone = models.CharField(max_length=64, default="UTC")
    rates = models.BinaryField(max_length=672, null=True, blank=True)
    level = models.FloatField(default=1.0)
    burst = models.FloatField(default=1.0)
    wobble = models.FloatField(default=0.0)
    bands = models.BinaryField(max_length=384, null=True, blank=True)
    best_count = models.PositiveBigIntegerField(default=0)
    best_at = models.DateTimeField(null=True, blank=True)
    limited_count = models.PositiveBigIntegerField(default=0)
    evaluated_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    quiet = models.FloatField(default=0.0)
    drop = models.FloatField(default=0.0)
    drop_since = models.DateTimeField(null=True, blank=True)
    drop_expected = models.FloatField(default=0.0)
    drop_seen = models.PositiveBigIntegerField(default=0)
    back_expected = models.FloatField(default=0.0)
    back_seen = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(burst__gte=1), name="rhythm_burst_at_least_one"),
            models.CheckConstraint(condition=Q(wobble__gte=0, wobble__lte=0.5), name="rhythm_wobble_in_range"),
        ]

    def __str__(self) -> str:
        return f"rhythm of monitor {self.monitor_id}"
