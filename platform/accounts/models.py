"""People, and what they may do where."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import Municipality, ServiceCentre


class PersonManager(BaseUserManager["Person"]):
    """E-mail addresses are compared without regard to case and stored in small letters."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """A person with an e-mail address and, optionally, a password (None: cannot sign in by password)."""
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """What authentication looks up."""
        return self.get(email=(username or "").strip().lower())


class Person(AbstractBaseUser):
    """Somebody who signs in. What they may do is said by memberships alone; there is no superuser."""

    email = models.EmailField(_("E-Mail-Adresse"), unique=True)
    name = models.CharField(_("Name"), max_length=120)
    is_active = models.BooleanField(_("Aktiv"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)  # may use the one-click sign-in of demo mode
    language = models.CharField(
        _("Sprache"), max_length=5, choices=[("de", "Deutsch"), ("en", "English")], default="de"
    )
    preferences = models.JSONField(default=dict, blank=True)  # density, theme, sentence, keys, tone
    phone_user = models.CharField(
        _("Kennung in der Telefonanlage"), max_length=80, blank=True
    )  # `user` of the exchange's events
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[PersonManager] = PersonManager()
    # Read along by accounts.backend when a request begins, None elsewhere: the second factor, and each [role, centre, municipality].
    has_second_factor: bool | None = None
    places: list[tuple[str, int | None, int | None]] | None = None

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]
        verbose_name = _("Person")
        verbose_name_plural = _("Personen")

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """The name as it is shown."""
        return self.name


ROLES = Choices(
    ("agent", _("Servicecenter-Mitarbeitende")),
    ("supervisor", _("Teamleitung")),
    ("editor", _("Redaktion")),
    ("tenant_admin", _("Mandanten-Admin")),
    ("department_reader", _("Fachamt")),
    ("operator", _("Betreiber")),
)
CENTRE_ROLES = (ROLES.agent, ROLES.supervisor)
MUNICIPALITY_ROLES = (ROLES.editor, ROLES.tenant_admin, ROLES.department_reader)
Place = Municipality | ServiceCentre | None  # where a role holds; None: the platform itself


def roles_at(place: Place) -> tuple[str, ...]:
    """The roles that there are at a place."""
    if isinstance(place, Municipality):
        return MUNICIPALITY_ROLES
    return CENTRE_ROLES if place else (ROLES.operator,)


def where(place: Place) -> dict[str, Any]:
    """A place as the columns of memberships and invitations."""
    if isinstance(place, Municipality):
        return {"municipality": place, "centre": None}
    return {"municipality": None, "centre": place}


def _belongs() -> models.Q:
    """A role belongs to a centre, to a municipality, or to the platform; never to two."""
    return (
        models.Q(role__in=CENTRE_ROLES, centre__isnull=False, municipality__isnull=True)
        | models.Q(role__in=MUNICIPALITY_ROLES, centre__isnull=True, municipality__isnull=False)
        | models.Q(role=ROLES.operator, centre__isnull=True, municipality__isnull=True)
    )


class Membership(models.Model):
    """One role of one person in one municipality or centre. Name and address are copied, so that a municipality's login, which may
    not read people, can show its members."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(_("Rolle"), max_length=20, choices=ROLES)
    municipality = models.ForeignKey(Municipality, models.CASCADE, null=True, blank=True, related_name="memberships")
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, null=True, blank=True, related_name="memberships")
    person_name = models.CharField(max_length=120)
    person_email = models.EmailField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["person_name", "id"]
        verbose_name = _("Mitgliedschaft")
        verbose_name_plural = _("Mitgliedschaften")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["person", "role", "municipality", "centre"], name="membership_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=_belongs(), name="membership_role_fits_its_place"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name}: {self.get_role_display()}"


class Invitation(models.Model):
    """A link that lets whoever holds it take a role, once, until it expires. Only the token's hash is stored."""

    email = models.EmailField(_("E-Mail-Adresse"))
    name = models.CharField(_("Name"), max_length=120)
    role = models.CharField(_("Rolle"), max_length=20, choices=ROLES)
    municipality = models.ForeignKey(Municipality, models.CASCADE, null=True, blank=True, related_name="invitations")
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, null=True, blank=True, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.BigIntegerField(null=True)  # soft: Person.pk
    invited_by_name = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        verbose_name = _("Einladung")
        verbose_name_plural = _("Einladungen")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=_belongs(), name="invitation_role_fits_its_place")
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.expires_at > timezone.now()

    @staticmethod
    def new_token() -> str:
        """256 random bits for a link."""
        return secrets.token_urlsafe(32)
