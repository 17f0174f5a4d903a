"""Where allauth's pages about keys need a word more."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import LoginWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect


class RemoveKeyView(RemoveWebAuthnView):  # type: ignore[misc]
    """allauth asks before an app is deactivated whether that may be, but not before a key is removed."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Not the last factor of somebody who must have one."""
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("mfa_index")
        response: HttpResponse = super().form_valid(form)
        return response


remove_key = RemoveKeyView.as_view()
sign_in_with_key = login_not_required(LoginWebAuthnView.as_view())
