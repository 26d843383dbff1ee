"""People who exist already have proved their address by using it: django-allauth asks for a confirmed one."""

from typing import Any

from django.db import migrations


def verify(apps: Any, schema_editor: Any) -> None:
    EmailAddress = apps.get_model("account", "EmailAddress")
    known = set(EmailAddress.objects.values_list("user_id", flat=True))
    people = apps.get_model("accounts", "User").objects.exclude(id__in=known)
    EmailAddress.objects.bulk_create(
        EmailAddress(user_id=user_id, email=email, verified=True, primary=True)
        for user_id, email in people.values_list("id", "email")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_people"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(verify, migrations.RunPython.noop)]
