"""What an agent does with a call. Each is a POST that may be repeated and answers with the parts around the call."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest
from desk import board
from desk.access import call_or_404, entry_or_404, municipality_or_404
from desk.contacts import Contact, with_numbers
from desk.forms import WrapUpForm
from desk.views.gaps import report_from
from desk.views.regions import after_action
from telephony_bridge import actions
from telephony_bridge.actions import Target
from telephony_bridge.models import Call, Telephone
from telephony_bridge.numbers import to_e164
from tenants.errors import Refusal
from tenants.models import ServiceCentre

REMEMBERED = 20  # declined calls that a session keeps
CallView = Callable[..., str]


def call_action(view: CallView) -> Callable[..., HttpResponse]:
    """A POST about one call: the view acts and returns what to say; a refusal is said, too, and changes nothing."""

    @require_POST
    @wraps(view)
    def inner(request: StaffRequest, public_id: str, **more: str) -> HttpResponse:
        try:
            say = view(request, call_or_404(public_id), **more)
        except Refusal as refusal:
            return after_action(request, say=str(refusal), status=409)
        return after_action(request, say=say)

    return inner


@call_action
def accept(request: StaffRequest, call: Call) -> str:
    """Take a ringing call; the other who pressed is told who has it. Where the exchange is ours, the telephone picks up by itself."""
    if call.is_controlled:
        actions.command_exchange(call, "accept", acting_user=request.user)
        return ""
    claim = actions.claim_call(call, acting_user=request.user)
    if claim.won:
        return ""
    if claim.agent_name:
        raise Refusal(_("%(name)s hat den Anruf angenommen.") % {"name": claim.agent_name})
    raise Refusal(_("Der Anrufer hat inzwischen aufgelegt."))


@call_action
def release(request: StaffRequest, call: Call) -> str:
    """Back to the queue: it goes on ringing for the others, and does not come up here again by itself."""
    if call.is_controlled:
        actions.command_exchange(call, "decline", acting_user=request.user)
        return _("Der Anruf geht an die nächste freie Person. Sie sind in Pause.")
    if call.state != "ringing":
        actions.release_call(call, acting_user=request.user)
    declined = [known for known in request.session.get(board.DECLINED, []) if known != call.public_id]
    request.session[board.DECLINED] = [*declined, call.public_id][-REMEMBERED:]
    return _("Der Anruf steht wieder in der Warteschlange.")


@call_action
def choose(request: StaffRequest, call: Call) -> str:
    """Say for which municipality an unrecognised call is."""
    municipality = municipality_or_404(request.POST.get("municipality", ""), access=request.access)
    actions.choose_municipality(call, municipality, acting_user=request.user)
    return _("Anruf für %(name)s.") % {"name": municipality.name}


@call_action
def wrap_up(request: StaffRequest, call: Call) -> str:
    """Begin the wrap-up, with what is known already."""
    save(request, call)
    _put_down(request, call)
    actions.begin_wrap_up(call, acting_user=request.user)
    return ""


WITHOUT_TARGET = ("hold", "resume", "swap", "complete", "cancel")


@call_action
def exchange(request: StaffRequest, call: Call, verb: str) -> str:
    """What our own exchange shall do with the call: hold, resume, swap, complete, cancel; transfer and consult with `entry` or `number`."""
    if verb in WITHOUT_TARGET:
        actions.command_exchange(call, verb, acting_user=request.user)
        return ""
    if verb not in ("transfer", "consult"):
        raise Http404
    number, label, target = target_of(request)
    _keep_concern(request, call)
    actions.command_exchange(call, verb, acting_user=request.user, number=number, label=label, target=target)
    return ""  # the card says it as soon as the exchange has done it


def target_of(request: StaffRequest) -> tuple[str, str, Target | None]:
    """Number, name and card of the contact that was chosen, or of the number that was typed, which has no card. Raises Refusal where there is none."""
    if "entry" not in request.POST:
        typed = request.POST.get("number", "").strip()[:60]
        number = to_e164(typed) or (typed if typed.isdecimal() else "")
        if not number:
            raise Refusal(_("„%(number)s“ ist keine Rufnummer.") % {"number": typed})
        return number, typed, None
    contact = contact_or_404(request)
    if not contact.dial:
        raise Refusal(_("Für %(name)s ist keine Nummer hinterlegt.") % {"name": contact.entry.title})
    return contact.dial, label_of(contact), target_of_contact(contact)


def target_of_contact(contact: Contact) -> Target:
    """Whose page or mailbox the card goes to."""
    entry = contact.entry
    return Target(
        entry.municipality_id, f"{entry.kind}:{entry.key}", entry.title, str(entry.payload.get("email") or "")
    )


def _keep_concern(request: StaffRequest, call: Call) -> None:
    """What was written beside the contact goes along, and stands in the wrap-up; what was taken out does neither."""
    field = f"about {request.POST.get('entry', '')}"
    concern = request.POST.get(field, call.wish).strip()[:200]
    if concern != call.wish:
        actions.save_wrap_up(call, acting_user=request.user, concern=concern, concern_kind="", concern_key="")


def contact_or_404(request: StaffRequest) -> Contact:
    """The contact that `entry` names: "person soest:p_boeckmann"."""
    kind, _space, identity = request.POST.get("entry", "").partition(" ")
    slug, _colon, key = identity.partition(":")
    (contact,) = with_numbers([entry_or_404(slug, kind=kind, key=key, access=request.access)])
    return contact


def label_of(contact: Contact) -> str:
    """Name, number and municipality."""
    return ", ".join(filter(None, [contact.entry.title, contact.number, contact.entry.municipality.name]))[:200]


def _put_down(request: StaffRequest, call: Call) -> None:
    """Who ends a talk on the desk puts the telephone down, where the exchange is ours."""
    if call.is_controlled and call.state == "talking" and call.agent_id == request.user.pk and call.phase != "blind":
        actions.command_exchange(call, "hang_up", acting_user=request.user)


@call_action
def take_longer(request: StaffRequest, call: Call) -> str:
    """Stop the clock that would end the wrap-up."""
    actions.stop_wrap_up_timer(call, acting_user=request.user)
    return _("Die Zeit ist angehalten. Schließen Sie ab, wenn Sie fertig sind.")


@call_action
def transferred(request: StaffRequest, call: Call) -> str:
    """Note to whom the agent has transferred on the telephone; `undo` takes it back."""
    if "undo" in request.POST:
        actions.save_wrap_up(call, outcome="", transferred_to="", acting_user=request.user)
        actions.take_back(call, acting_user=request.user)
        return _("Der Anruf gilt nicht mehr als weitergeleitet.")
    contact = contact_or_404(request)
    actions.save_wrap_up(call, outcome="transferred", transferred_to=label_of(contact), acting_user=request.user)
    actions.hand_over(call, target_of_contact(contact), acting_user=request.user, state="transferred")
    return _("Weitergeleitet an %(name)s, %(municipality)s.") % {
        "name": contact.entry.title,
        "municipality": contact.entry.municipality.name,
    }


@call_action
def callback_done(request: StaffRequest, call: Call) -> str:
    """Who asked for being called back was."""
    actions.finish_callback(call, acting_user=request.user)
    return _("Rückruf erledigt.")


@require_POST
def draft(request: StaffRequest, public_id: str) -> HttpResponse:
    """Keep what was typed so far."""
    try:
        save(request, call_or_404(public_id))
    except Refusal as refusal:
        return after_action(request, say=str(refusal), status=409)
    return HttpResponse(status=204)


@call_action
def close(request: StaffRequest, call: Call) -> str:
    """End the wrap-up with everything that was typed, a report of missing knowledge included; then ready, or what `then` says; `over`: nobody pressed, the time did."""
    form = wrap_up_form(request)
    if request.POST.get("gap_open") and request.POST.get("gap_title", "").strip():
        report_from(request, call)
    _put_down(request, call)
    actions.close_call(call, acting_user=request.user, **form.given())
    if then := request.POST.get("then", ""):
        set_everywhere(request, then)
    if request.POST.get("over"):
        return _("Die Zeit ist um: abgeschlossen mit dem, was im Abschluss stand.")
    name = call.municipality.name if call.municipality else _("eine nicht erkannte Kommune")
    return _("Abgeschlossen: Anruf für %(name)s.") % {"name": name}


@require_POST
def presence(request: StaffRequest) -> HttpResponse:
    """Ready, wrap-up, break or away; during a call it is meant for the time after it."""
    try:
        set_everywhere(request, request.POST.get("presence", ""))
    except Refusal as refusal:
        return after_action(request, say=str(refusal), status=409)
    return after_action(request)


@require_POST
def telephone(request: StaffRequest) -> HttpResponse:
    """At which telephone the person sits."""
    if "telephone" not in request.POST:
        return after_action(request, say=_("Wählen Sie, an welchem Telefon Sie sitzen."), status=409)
    user = request.POST["telephone"][:40]
    try:
        found = Telephone.objects.filter(user=user).first() if user else None
        for centre in ServiceCentre.objects.filter(pk__in=[found.centre_id] if found else request.access.centres):
            actions.sign_in_at(centre, user, acting_user=request.user)
    except Refusal as refusal:
        return after_action(request, say=str(refusal), status=409)
    return after_action(
        request,
        say=_("Sie sitzen jetzt am Telefon „%(label)s“.") % {"label": found.label}
        if found
        else _("Sie nehmen Ihr eigenes Telefon."),
    )


def set_everywhere(request: StaffRequest, state: str) -> None:
    """One person has one presence, whatever the number of centres."""
    for centre in ServiceCentre.objects.filter(pk__in=request.access.centres):
        actions.set_presence(centre, state, acting_user=request.user)


def wrap_up_form(request: StaffRequest) -> WrapUpForm:
    """The form as it was sent; Refusal for what cannot be kept."""
    form = WrapUpForm(request.POST)
    if not form.is_valid():
        raise Refusal(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return form


def save(request: StaffRequest, call: Call) -> None:
    """Save the fields that were sent, none is no news."""
    given: dict[str, Any] = wrap_up_form(request).given()
    if given:
        actions.save_wrap_up(call, acting_user=request.user, **given)
