"""How a Django form field is drawn with KERN: which kind of control it is, and the ids and attributes that tie label, hint and error to it."""

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.safestring import SafeString

# Native date fields take ISO values only, whatever the language writes.
NATIVE = {
    forms.DateInput: ("date", "%Y-%m-%d"),
    forms.TimeInput: ("time", "%H:%M"),
    forms.DateTimeInput: ("datetime-local", "%Y-%m-%dT%H:%M"),
}


class Option(NamedTuple):
    """One radio button or checkbox of a group."""

    control: SafeString
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What templates/kern/field.html needs. `kind`: input, select, textarea, check, group or hidden; a group has options, no control."""

    field: BoundField
    kind: str
    control: SafeString | str
    options: list[Option]
    hint_id: str
    error_id: str
    described_by: str
    needs_mark: bool
    css: str


def kind_of(widget: forms.Widget) -> str:
    """The drawing that fits a widget."""
    if widget.is_hidden:
        return "hidden"
    kinds = (
        (forms.CheckboxInput, "check"),
        ((forms.RadioSelect, forms.CheckboxSelectMultiple), "group"),
        (forms.Select, "select"),
        (forms.Textarea, "textarea"),
    )
    return next((kind for classes, kind in kinds if isinstance(widget, classes)), "input")


def native(widget: forms.Widget) -> forms.Widget:
    """A date or time widget as the browser's own control; others as they are."""
    for known, (input_type, written) in NATIVE.items():
        if type(widget) is known:
            changed = copy.deepcopy(widget)
            changed.input_type, changed.format = input_type, written
            changed.supports_microseconds = False
            return changed
    return widget


def css_of(kind: str, *, has_error: bool) -> str:
    """KERN's classes of the control itself."""
    base = {
        "input": "kern-form-input__input",
        "textarea": "kern-form-input__input",
        "select": "kern-form-input__select",
        "check": "kern-form-check__checkbox",
    }.get(kind, "")
    return f"{base} {base}--error" if base and has_error else base


def attributes(field: BoundField, kind: str, described_by: str) -> dict[str, Any]:
    """What is added to the widget's own attributes."""
    own = field.field.widget.attrs.get("class", "")
    added = {"class": f"{css_of(kind, has_error=bool(field.errors))} {own}".strip(), "aria-describedby": described_by}
    if field.errors:
        added["aria-invalid"] = "true"
    if field.field.required and not field.form.use_required_attribute:
        added["aria-required"] = "true"
    return {name: value for name, value in added.items() if value}


def options_of(field: BoundField) -> list[Option]:
    """The options of a group, each with KERN's class."""
    widget = field.field.widget
    given: dict[str, str | bool] = {"class": f"kern-form-check__{widget.input_type}", "id": field.auto_id}
    data = widget.subwidgets(field.html_name, field.value(), attrs=field.build_widget_attrs(given, widget))
    bound = (BoundWidget(widget, option, field.form.renderer) for option in data)
    return [Option(one.tag(), str(one.id_for_label), str(one.choice_label)) for one in bound]


def drawn(field: BoundField, *, css: str = "", hint: str = "", attrs: dict[str, Any] | None = None) -> Drawn:
    """A bound field, ready to be drawn; `hint` replaces its help text."""
    if hint:
        field.help_text = hint
    kind, base = kind_of(field.field.widget), field.auto_id or field.html_name
    hint_id, error_id = f"{base}_helptext", f"{base}_error"
    described = " ".join(([hint_id] if field.help_text else []) + ([error_id] if field.errors else []))
    control: SafeString | str = ""
    if kind == "hidden":
        control = field.as_hidden()
    elif kind != "group":
        control = field.as_widget(native(field.field.widget), attributes(field, kind, described) | (attrs or {}))
    options = options_of(field) if kind == "group" else []
    return Drawn(field, kind, control, options, hint_id, error_id, described, bool(field.field.required), css)


def target_of(field: BoundField) -> str:
    """The id that a link from the error summary leads to: the control, of a group its first option."""
    return f"{field.auto_id}_0" if kind_of(field.field.widget) == "group" else str(field.id_for_label or field.auto_id)


def errors_of(form: forms.BaseForm) -> list[tuple[str, str, str]]:
    """(id of the control or "", label or "", message) for each error of a form, its general ones first."""
    general = [("", "", str(message)) for message in form.non_field_errors()]
    own = [
        ("" if field.is_hidden else target_of(field), "" if field.is_hidden else str(field.label), str(message))
        for field in form
        for message in field.errors
    ]
    return general + own
