"""Every beet has a row that says how far its learning is; those of before get theirs, and say that they learn. Their time
zone counts from now on: what was never looked at and is none becomes UTC."""

from typing import Any
from zoneinfo import available_timezones

from django.db import migrations


def add_rhythms(apps: Any, schema_editor: Any) -> None:
    Monitor, Rhythm, Pulse = (apps.get_model("monitors", name) for name in ("Monitor", "Rhythm", "Pulse"))
    Monitor.objects.filter(type="beet").exclude(timezone__in=available_timezones()).update(timezone="UTC")
    beets = Monitor.objects.filter(type="beet", rhythm=None)
    Rhythm.objects.bulk_create([Rhythm(monitor_id=id_) for id_ in beets.values_list("id", flat=True)], batch_size=500)
    Pulse.objects.filter(monitor__type="beet", status="new").update(status="learning")


class Migration(migrations.Migration):
    dependencies = [("monitors", "0006_rhythm")]
    operations = [migrations.RunPython(add_rhythms, migrations.RunPython.noop)]
