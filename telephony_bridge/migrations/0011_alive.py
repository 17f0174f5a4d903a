from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony_bridge", "0010_taking_over")]

    operations = [
        migrations.AddField(model_name="source", name="alive_at", field=models.DateTimeField(null=True)),
    ]
