"""The three kinds of entries: their words, forms, actions and addresses. What is said here is the only difference between their pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from knowledge import actions
from knowledge.forms.article import ArticleForm
from knowledge.forms.directory import ContactForm, DepartmentForm
from knowledge.forms.entry import EntryForm
from knowledge.models import Article, Contact, Department, Entry

Data = Mapping[str, Any] | None


@dataclass(frozen=True)
class Kind:
    """`name` is the entry's KIND, `stem` begins its URL names."""

    name: str
    stem: str
    model: type[Entry]
    make_form: Callable[[Data, Any], EntryForm]
    store: Callable[[EntryForm, Person], Entry]
    list_url: str
    list_title: str | Promise
    new_title: str | Promise
    preview_template: str
    form_template: str

    @property
    def url(self) -> dict[str, str]:
        """Names of the entry's own pages by what is done there; only articles have a page for paper."""
        names = {
            deed: f"{self.stem}_{deed}"
            for deed in ("edit", "publish", "withdraw", "discard", "delete", "history", "restore")
        }
        return names | {"print": "article_print" if self.name == "article" else ""}


def responsible(article: Article) -> list[Contact]:
    """The contacts of an article, the first to ask first."""
    if not article.pk:  # as a filter, None would mean everybody who is responsible for nothing
        return []
    found: QuerySet[Contact] = Contact.objects.filter(responsibility__article=article.pk)
    return list(found.select_related("department").order_by("responsibility__position", "pk"))


def article_form(data: Data, article: Article) -> ArticleForm:
    """The form of an article, with everybody in the directory to choose from."""
    offered = list(Contact.objects.select_related("department"))
    return ArticleForm(data, instance=article, offered=offered, responsible=responsible(article))


def store_article(form: EntryForm, acting_user: Person) -> Entry:
    """Save the draft of an article with its contacts."""
    article: Any = form.instance
    return actions.save_article(article, contacts=form.cleaned_data["contacts"], acting_user=acting_user)


def store_contact(form: EntryForm, acting_user: Person) -> Entry:
    """Save the draft of a contact."""
    contact: Any = form.instance
    return actions.save_contact(contact, acting_user=acting_user)


def store_department(form: EntryForm, acting_user: Person) -> Entry:
    """Save the draft of a department."""
    department: Any = form.instance
    return actions.save_department(department, acting_user=acting_user)


ARTICLE = Kind(
    name="article", stem="article", model=Article, make_form=article_form, store=store_article,
    list_url="article_list", list_title=_("Wissen"), new_title=_("Artikel schreiben"),
    preview_template="knowledge/_answer.html", form_template="knowledge/_article_form.html",
)  # fmt: skip
CONTACT = Kind(
    name="person", stem="contact", model=Contact, store=store_contact,
    make_form=lambda data, contact: ContactForm(data, instance=contact),
    list_url="contact_list", list_title=_("Verzeichnis"), new_title=_("Kontakt anlegen"),
    preview_template="knowledge/_contact.html", form_template="knowledge/_directory_form.html",
)  # fmt: skip
DEPARTMENT = Kind(
    name="department", stem="department", model=Department, store=store_department,
    make_form=lambda data, department: DepartmentForm(data, instance=department),
    list_url="department_list", list_title=_("Abteilungen"), new_title=_("Abteilung anlegen"),
    preview_template="knowledge/_contact.html", form_template="knowledge/_directory_form.html",
)  # fmt: skip
KINDS = {kind.name: kind for kind in (ARTICLE, CONTACT, DEPARTMENT)}
