"""The filters above the lists; they live in the address, so a filtered list can be kept as a bookmark."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge import queries
from knowledge.models import Department
from knowledge.pool.models import Gap

ANY = ("", _("alle"))
ORDERS = (("", _("häufigste zuerst")), ("newest", _("neueste zuerst")))


class FilterForm(forms.Form):
    """A search field and choices; what makes no sense is left out instead of refused."""

    q = forms.CharField(
        label=_("Suchen"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(
            *args, **{"auto_id": "filter_%s", "label_suffix": "", "use_required_attribute": False, **options}
        )

    @property
    def wanted(self) -> dict[str, Any]:
        """What was chosen, by field; empty ones left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ArticleFilter(FilterForm):
    """Articles by words, state and review."""

    state = forms.ChoiceField(label=_("Stand"), required=False, choices=[ANY, *queries.STATES])
    due = forms.ChoiceField(label=_("Prüfung"), required=False, choices=[ANY, ("1", _("fällig"))])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["q"].label = _("Titel, Suchwort oder Text")


class DepartmentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Departments as a tree, by key; `tree` are the rows of queries.department_tree."""

    def offer(self, tree: list[tuple[int, Department]]) -> None:
        """The options, indented by their depth; one query made them, none is made for each."""
        self.choices = [ANY, *((department.key, "\u2003" * depth + department.title) for depth, department in tree)]


class ContactFilter(FilterForm):
    """Contacts by words, department and state."""

    department = DepartmentChoice(
        label=_("Abteilung"), required=False, to_field_name="key", queryset=Department.objects.all()
    )
    state = forms.ChoiceField(
        label=_("Stand"), required=False, choices=[ANY, ("no_number", _("ohne Nummer")), *queries.STATES]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["q"].label = _("Name, Funktion oder Durchwahl")
        choice = self.fields["department"]
        if isinstance(choice, DepartmentChoice):
            choice.offer(queries.department_tree())


class GapFilter(FilterForm):
    """Gaps by words and state; open ones when nothing is said."""

    state = forms.ChoiceField(
        label=_("Stand"), required=False, choices=[("", _("offen")), *Gap.STATES, ("all", _("alle"))]
    )
    order = forms.ChoiceField(label=_("Reihenfolge"), required=False, choices=ORDERS)


class SearchFilter(FilterForm):
    """Searches that led to nothing, by words, how they ended and whether somebody has seen to them."""

    outcome = forms.ChoiceField(
        label=_("Ausgang"),
        required=False,
        choices=[
            ANY,
            ("nothing", _("nichts gefunden")),
            ("abandoned", _("nichts geöffnet")),
            ("late", _("erst ab Platz 4")),
        ],
    )
    state = forms.ChoiceField(
        label=_("Stand"), required=False, choices=[("", _("offen")), ("settled", _("bearbeitet"))]
    )
    order = forms.ChoiceField(label=_("Reihenfolge"), required=False, choices=ORDERS)


class ArticleSearch(FilterForm):
    """Which article answers a gap, or gets a search word."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["q"].label = _("Wort aus Titel, Suchwörtern oder Text")
