"""Storms, notices, fallback channels, flags, choice of events, and how receivers answer."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit_only_grows"),
        ("alerts", "0001_initial"),
        ("monitors", "0002_postgresql_storage"),
    ]

    operations = [
        migrations.CreateModel(
            name="DispatchMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("finished_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("storm", "storm"), ("flagged", "flagged")], max_length=10)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Receiver",
            fields=[
                ("host", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Storm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("grew_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("reference", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.AddField(
            model_name="channel",
            name="dead_in_a_row",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="channel",
            name="flagged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="host",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="channel",
            name="is_fallback",
            field=models.BooleanField(
                db_default=False, default=False, help_text="It is told what another channel could not be told in time."
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="fell_back_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="events",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="min_severity",
            field=models.CharField(
                choices=[("warning", "warning"), ("critical", "critical")],
                db_default="warning",
                default="warning",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="event",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="monitors.incidentevent",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="monitors.incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None), ("is_fallback", True)),
                fields=("organization",),
                name="channel_one_fallback",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="about",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices_about",
                to="alerts.channel",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="notice",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="alerts.notice",
            ),
        ),
        migrations.AddField(
            model_name="storm",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="storms", to="alerts.channel"
            ),
        ),
        migrations.AddField(
            model_name="storm",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="storms", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="storm",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="alerts.storm",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="storm",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="alerts.storm",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("notice", "channel"), name="delivery_of_notice_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event__isnull", False), ("incident__isnull", False), ("notice", None)),
                    models.Q(("event", None), ("incident", None), ("notice__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_tells_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="storm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("channel",), name="storm_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("about", None), ("kind", "storm"), ("storm__isnull", False)),
                    models.Q(("about__isnull", False), ("kind", "flagged"), ("storm", None)),
                    _connector="OR",
                ),
                name="notice_has_subject",
            ),
        ),
    ]
