from django.db import migrations, models

VERBS = (
    "accept", "decline", "hold", "resume", "transfer", "consult", "swap", "complete", "cancel", "hang_up", "first", "pull", "take_over",
)  # fmt: skip
RESULTS = ("done", "refused", "late", "not_taken", "talk_over")


class Migration(migrations.Migration):
    dependencies = [("telephony_bridge", "0009_handovers")]

    operations = [
        migrations.AlterField(
            model_name="exchangecommand",
            name="verb",
            field=models.CharField(choices=[(verb, verb) for verb in VERBS], max_length=12),
        ),
        migrations.AlterField(
            model_name="exchangecommand",
            name="result",
            field=models.CharField(blank=True, choices=[(result, result) for result in RESULTS], max_length=12),
        ),
    ]
