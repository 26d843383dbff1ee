"""Listening, gaps and their notices; how an organisation is alerted; snooze, reminders and recovery."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit_only_grows"),
        ("monitors", "0002_postgresql_storage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("alert_delay_sec", models.PositiveIntegerField(default=0)),
                ("remind_every_sec", models.PositiveIntegerField(default=0)),
                ("recovery_threshold", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "alert policies",
            },
        ),
        migrations.CreateModel(
            name="Deafness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("stopped", "stopped"),
                            ("refused", "refused"),
                            ("frozen", "frozen"),
                            ("clock", "clock"),
                            ("canary", "canary"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deafnesses",
            },
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("stopped", "stopped"),
                            ("refused", "refused"),
                            ("frozen", "frozen"),
                            ("clock", "clock"),
                            ("canary", "canary"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GapNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Unheard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "unheard",
            },
        ),
        migrations.CreateModel(
            name="Watermark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("covered_through", models.DateTimeField(blank=True, null=True)),
                ("ticked_at", models.DateTimeField()),
                ("hold_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="incident",
            name="remind_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="incidentevent",
            name="hold_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ingestnode",
            name="died_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ingestnode",
            name="seen_beat_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ingestnode",
            name="silent_sec",
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name="monitor",
            name="alert_delay_sec",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="monitor",
            name="recovery_threshold",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="monitor",
            name="remind_every_sec",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="monitor",
            name="snoozed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="monitor",
            name="snoozed_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="pulse",
            name="good_pings",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Successes in a row since it went down, counted only while it is down.",
            ),
        ),
        migrations.AlterField(
            model_name="incidentevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("opened", "opened"),
                    ("escalated", "escalated"),
                    ("reminded", "reminded"),
                    ("acknowledged", "acknowledged"),
                    ("note", "note"),
                    ("resolved", "resolved"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("remind_at__isnull", False)), fields=["remind_at"], name="incident_remind"
            ),
        ),
        migrations.AddIndex(
            model_name="ingestnode",
            index=models.Index(
                condition=models.Q(("died_at", None), ("stopped_at", None)), fields=["beat_at"], name="ingest_node_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="monitor",
            constraint=models.CheckConstraint(
                condition=models.Q(("recovery_threshold", None), ("recovery_threshold__gte", 1), _connector="OR"),
                name="monitor_recovery_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitor",
            constraint=models.CheckConstraint(
                condition=models.Q(("snoozed_until", None), ("snoozed_at__isnull", False), _connector="OR"),
                name="monitor_snooze_has_start",
            ),
        ),
        migrations.AddField(
            model_name="alertpolicy",
            name="organization",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="alert_policy", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="deafness",
            name="node",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deafnesses", to="monitors.ingestnode"
            ),
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["ended_at"], name="gap_by_end"),
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__gte", models.F("started_at"))), name="gap_ends_after_start"
            ),
        ),
        migrations.AddField(
            model_name="gapnotice",
            name="gap",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="monitors.gap"
            ),
        ),
        migrations.AddField(
            model_name="gapnotice",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="gap_notices", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="unheard",
            name="monitor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="monitors.monitor"
            ),
        ),
        migrations.AddField(
            model_name="unheard",
            name="notice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="unheard", to="monitors.gapnotice"
            ),
        ),
        migrations.AddConstraint(
            model_name="alertpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("recovery_threshold__gte", 1)), name="policy_recovery_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="deafness",
            index=models.Index(fields=["ended_at"], name="deafness_by_end"),
        ),
        migrations.AddConstraint(
            model_name="deafness",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("node",), name="deafness_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="deafness",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"),
                name="deafness_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="gapnotice",
            index=models.Index(condition=models.Q(("sent_at", None)), fields=["created_at"], name="gap_notice_unsent"),
        ),
        migrations.AddConstraint(
            model_name="gapnotice",
            constraint=models.UniqueConstraint(fields=("gap", "organization"), name="gap_notice_once"),
        ),
        migrations.AddConstraint(
            model_name="unheard",
            constraint=models.UniqueConstraint(fields=("notice", "monitor"), name="unheard_once"),
        ),
    ]
