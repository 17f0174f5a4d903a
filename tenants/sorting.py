"""Names in the order in which Germans look for them: the server has no German collation everywhere (the embedded one brings no ICU)."""

from django.db.models import CharField, Func


class German(Func):
    """DIN 5007-1 in SQL: ä like a, ß like ss, capital and small letters alike. `order_by(German("title"), "pk")`."""

    template = "translate(replace(lower(%(expressions)s), 'ß', 'ss'), 'äöüáàâãåéèêëíìîïóòôõøúùûçñýışğ', 'aouaaaaaeeeeiiiiooooouuucnyisg')"
    output_field = CharField()
