"""Template tags: what they write, what they escape, what they refuse."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from tests.design import content, site

EVIL = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _frame(tmp_path: Path) -> Iterator[None]:
    """The gallery's addresses and its mark for undefined variables."""
    with site.surroundings(tmp_path):
        yield


def write(source: str, **values: Any) -> str:
    """A template's text with `kern` loaded."""
    return Template("{% load kern %}" + source).render(Context(values))


class Evil:
    """A municipality whose name and initials try to break out."""

    name = initials = EVIL
    shape, colour, pattern = "stadt", "beere", "schraeg"


@pytest.mark.parametrize(
    "source",
    ["{% badge m %}", "{% muni m %}", '{% bandhead m "h2" m.name %}', '<p class="{% band m %}">', "{% tint m %}"],
)
def test_marks_escape_what_people_wrote(source: str) -> None:
    assert "<script" not in write(source, m=Evil())


def test_a_badge_is_silent_and_the_name_is_text() -> None:
    shown = write("{% muni m %}", m=content.SOEST)
    assert (
        re.sub(r'<span class="badge.*?</b></span>', "", shown) == '<span class="muni"> <span>Stadt Soest</span></span>'
    )
    assert 'class="badge m-beere s-stadt" aria-hidden="true"' in shown


def test_marks_take_objects_and_dicts() -> None:
    assert write("{% badge m %}", m=SimpleNamespace(**content.KREIS)) == write("{% badge m %}", m=content.KREIS)


@pytest.mark.parametrize("part", ["colour", "pattern", "shape"])
def test_an_unknown_mark_is_an_error(part: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="recognition mark"):
        write("{% badge m %}", m=content.SOEST | {part: "x y"})


def test_a_button_carries_action_key_and_attributes() -> None:
    shown = write(
        '{% button words "primary" "accept" "F8" "big" data_opens=target disabled=on value=None %}',
        words=EVIL,
        target=EVIL,
        on=True,
    )
    assert "<script" not in shown
    assert shown.startswith(
        '<button type="button" class="kern-btn kern-btn--primary big" data-action="accept" data-opens="&quot;'
    )
    assert " disabled>" in shown
    assert "value" not in shown
    assert '<kbd aria-hidden="true">F8</kbd>' in shown


@pytest.mark.parametrize(
    "source",
    ['{% button "x" "red" %}', '{% tag "x" "loud" %}', '{% bandhead m "script" %}', '{% alert "x" %}{% endalert %}'],
)
def test_kinds_are_checked(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="none of"):
        write(source, m=content.SOEST)


def test_an_alert_escapes_its_content_once() -> None:
    shown = write('{% alert "warning" words %}{{ words }}{% endalert %}', words="a < b & c")
    assert shown.count("a &lt; b &amp; c") == 2
    assert "alertline--warning" in shown


def described(html: str, control: str) -> str:
    """The texts that aria-describedby of a control points to."""
    found = re.search(rf'id="{control}"', html)
    assert found
    opening = html[html.rfind("<", 0, found.start()) : html.index(">", found.start())]
    ids = re.search(r'aria-describedby="([^"]+)"', opening)
    assert ids, opening
    texts = [re.search(rf'id="{name}"[^>]*>(.*?)</div>', html, re.DOTALL) for name in ids[1].split()]
    return " ".join(re.sub(r"<[^>]+>", "", text[1]).strip() for text in texts if text)


def test_a_field_ties_label_hint_and_error_to_its_control() -> None:
    form = content.EveryField({"title": "", "review": "31.02."})
    html = write("{% field form.title %}", form=form)
    assert '<label class="kern-label" for="id_title">Titel' in html
    assert 'aria-invalid="true"' in html
    assert described(html, "id_title") == "Wie Anrufende es nennen. Dieses Feld ist zwingend erforderlich."


def test_a_field_without_hint_or_error_points_nowhere() -> None:
    html = write("{% field form.mail %}", form=content.EveryField())
    assert "aria-" not in html.replace("aria-hidden", "")
    assert "UNDEFINED" not in html


def test_a_group_is_a_fieldset_with_a_legend() -> None:
    html = write("{% field form.outcome %}{% field form.days %}", form=content.EveryField({}))
    assert re.findall(r'<fieldset class="[^"]*" aria-describedby="([^"]+)"', html) == [
        "id_outcome_error",
        "id_days_helptext",
    ]
    assert html.count('type="radio"') == 2
    assert html.count(" required") == 2
    assert html.count('class="kern-form-check__checkbox"') == 2


def test_dates_reach_the_browser_in_its_own_form() -> None:
    form = content.EveryField(initial={"review": datetime.date(2027, 5, 3), "opens": datetime.time(8, 5)})
    html = write("{% field form.review %}{% field form.opens %}", form=form)
    assert 'type="date" name="review" value="2027-05-03"' in html
    assert 'type="time" name="opens" value="08:05"' in html
    assert content.EveryField({"review": "2027-05-03"}).fields["review"].clean("2027-05-03") == datetime.date(
        2027, 5, 3
    )


def test_widgets_keep_their_own_attributes() -> None:
    html = write(
        '{% field form.short cls="wide" placeholder=words data_max="2" %}', form=content.EveryField(), words=EVIL
    )
    assert 'rows="3"' in html
    assert 'data-max="2"' in html
    assert "<script" not in html
    assert 'class="kern-form-input wide"' in html


def test_a_field_must_be_a_field() -> None:
    with pytest.raises(TemplateSyntaxError, match="needs a form's field"):
        write("{% field form.nothing %}", form=content.EveryField())


def test_without_required_attributes_the_ear_still_knows() -> None:
    form = content.EveryField(use_required_attribute=False)
    html = write("{% field form.title %}{% field form.mail %}", form=form)
    assert html.count('aria-required="true"') == 1


class Pair(forms.Form):
    """A form with a general error."""

    first = forms.CharField(label="Erstes")

    def clean(self) -> None:
        """Always wrong."""
        raise forms.ValidationError("Beides zusammen <b>geht</b> nicht.")


def test_the_summary_leads_to_every_wrong_field() -> None:
    wrong = content.EveryField({})
    html = write(
        "{% error_summary pair wrong %}{% for f in wrong %}{% field f %}{% endfor %}",
        pair=Pair({"first": "x"}),
        wrong=wrong,
    )
    targets = re.findall(r'href="#([^"]+)"', html)
    assert targets[:2] == ["id_title", "id_short"]
    assert all(f'id="{target}"' in html for target in targets)
    assert "Beides zusammen &lt;b&gt;geht&lt;/b&gt; nicht." in html
    assert "Bitte prüfen Sie 6 Angaben." in html
    assert 'tabindex="-1" data-focus' in html


def test_a_sound_form_has_no_summary() -> None:
    assert write("{% error_summary form %}", form=content.EveryField()).strip() == ""


def paged(number: int, count: int = 60) -> str:
    """The navigation of a list of that many, 25 a page."""
    request = RequestFactory().get("/", {"q": "müll & mehr", "seite": "1"})
    return write("{% pagination page_obj %}", request=request, page_obj=Paginator(range(count), 25).page(number))


def test_pages_keep_the_other_parameters() -> None:
    html = paged(2)
    assert re.findall(r'href="([^"]+)"', html)[0] == "?q=m%C3%BCll+%26+mehr&amp;seite=1"
    assert re.findall(r'aria-current="page" aria-label="([^"]+)"', html) == ["Seite 2"]
    assert "26 bis 50 von 60" in html


def test_one_page_needs_no_navigation() -> None:
    html = paged(1, count=3)
    assert "1 bis 3 von 3" in html
    assert "<nav" not in html


def menu(path: str, roles: frozenset[str]) -> list[tuple[str, bool]]:
    """(label, whether current) of a municipality's menu."""
    request = RequestFactory().get(path)
    html = write('{% navigation "municipality" "Soest" %}', request=request, roles=roles)
    return [
        (label, bool(current)) for current, label in re.findall(r"<a [^>]*?( aria-current=\"page\")?>([^<]+)</a>", html)
    ]


def test_the_menu_shows_where_one_is_and_only_what_one_may() -> None:
    shown = menu("/article_list/12/", frozenset({"department_reader"}))
    assert [label for label, current in shown if current] == ["Wissen"]
    assert "Mitglieder" not in dict(shown)
    assert "Mitglieder" in dict(menu("/", frozenset({"tenant_admin"})))
    assert [label for label, current in menu("/", frozenset()) if current] == ["Start"]


def attributes_of(cookies: dict[str, str], preferences: dict[str, str]) -> str:
    """What <html> carries."""
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    return write("{% html_attributes %}", request=request, preferences=preferences)


def test_theme_and_density_are_the_persons_choice() -> None:
    assert attributes_of({}, {}) == 'lang="de" data-density="kompakt"'
    assert (
        attributes_of({"rufverbund_theme": "dark"}, {"density": "bequem"})
        == 'lang="de" data-density="bequem" data-kern-theme="dark"'
    )
    assert attributes_of({"rufverbund_theme": "dark"}, {"theme": "light"}).endswith('data-kern-theme="light"')
    assert (
        attributes_of({"rufverbund_theme": EVIL, "rufverbund_density": EVIL}, {}) == 'lang="de" data-density="kompakt"'
    )
    with translation.override("en"):
        assert attributes_of({}, {}).startswith('lang="en"')


def test_numbers_are_written_as_in_the_language() -> None:
    assert write("{{ n|thousands }}", n=1234567) == "1.234.567"
    assert write("{{ n|thousands }}", n=None) == ""
    with translation.override("en"):
        assert write("{{ n|thousands }}", n=1234567) == "1,234,567"


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429"])
def test_error_pages_ask_nothing_of_the_database(name: str, gallery: Path) -> None:
    class Broken:
        """Fails at every touch but one (config.context), as a person in a database that is gone does."""

        preferences: ClassVar[dict[str, str]] = {}

        def __getattr__(self, name: str) -> Any:
            raise ConnectionError(name)

    request = RequestFactory().get("/")
    request.user = Broken()
    with site.surroundings(gallery / "static"):
        html = get_template(f"{name}.html").render({"user": Broken(), "messages": Broken(), "preferences": {}}, request)
    assert "<h1>" in html
    assert "UNDEFINED" not in html


def test_the_page_of_a_server_error_needs_nothing_at_all(tmp_path: Path) -> None:
    """Not even static files that were collected."""
    html = Template("{% include '500.html' %}").render(Context())
    assert "Der Fehler liegt bei uns" in html
    assert 'href=""' in html
