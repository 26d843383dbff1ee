from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitors", "0003_listening_and_policy"),
    ]

    operations = [
        migrations.AddField(
            model_name="watermark",
            name="rewound_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
