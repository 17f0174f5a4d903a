from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony_bridge", "0002_telephones")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="refused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="source",
            name="refused_why",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="ctievent",
            name="took_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="ctievent",
            index=models.Index(fields=["source", "-id"], name="cti_event_by_source"),
        ),
    ]
