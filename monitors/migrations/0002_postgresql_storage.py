"""Keep room on each page of hot rows, so that PostgreSQL updates a pulse in place (HOT) and vacuums it early."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def set_storage(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE monitors_pulse SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)")


class Migration(migrations.Migration):
    dependencies = [("monitors", "0001_initial")]
    operations = [migrations.RunPython(set_storage, migrations.RunPython.noop)]
