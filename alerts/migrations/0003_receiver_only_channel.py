"""A row of failures that one channel alone has met says nothing about the others of its host."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0002_storms_and_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="receiver",
            name="only_channel",
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
