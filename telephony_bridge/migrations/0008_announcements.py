import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual


class Migration(migrations.Migration):
    dependencies = [
        ("telephony_bridge", "0007_skills"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("emergency", "Notfallansage"), ("closed", "Ansage für geschlossene Zeiten")],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="Datei")),
                ("audio", models.BinaryField(max_length=2000000)),
                ("sha256", models.CharField(max_length=64, verbose_name="Prüfsumme (SHA-256)")),
                ("seconds", models.FloatField(verbose_name="Dauer in Sekunden")),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="Hochgeladen")),
                ("uploaded_by_id", models.BigIntegerField(null=True)),
                ("uploaded_by_name", models.CharField(max_length=120, verbose_name="Hochgeladen von")),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.municipality"
                    ),
                ),
            ],
            options={
                "verbose_name": "Ansage",
                "verbose_name_plural": "Ansagen",
                "ordering": ["municipality_id", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("municipality", "kind"), name="announcement_once_a_kind"),
                    models.CheckConstraint(
                        condition=LessThanOrEqual(Length("audio"), 2000000), name="announcement_is_bounded"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="announcement_is_named"
                    ),
                ],
            },
        ),
    ]
