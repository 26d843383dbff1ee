"""The database itself refuses to change a row of the audit log. Rows go only with their organisation, whose deletion
cascades; that is why deleting is refused by the model alone (`AuditEvents`)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_REFUSE = {
    "sqlite": [
        """
        CREATE TRIGGER accounts_auditevent_only_grows BEFORE UPDATE ON accounts_auditevent
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION accounts_auditevent_only_grows() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'integrity_constraint_violation'; END $$
        """,
        """
        CREATE TRIGGER accounts_auditevent_only_grows BEFORE UPDATE ON accounts_auditevent
        FOR EACH ROW EXECUTE FUNCTION accounts_auditevent_only_grows()
        """,
    ],
}
_ALLOW = {
    "sqlite": ["DROP TRIGGER accounts_auditevent_only_grows"],
    "postgresql": [
        "DROP TRIGGER accounts_auditevent_only_grows ON accounts_auditevent",
        "DROP FUNCTION accounts_auditevent_only_grows()",
    ],
}


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _REFUSE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _ALLOW[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_verified_addresses")]
    operations = [migrations.RunPython(refuse, allow)]
