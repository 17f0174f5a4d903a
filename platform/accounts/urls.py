"""One's own account, on every host: sign-in, second factor, sessions, invitations.

allauth's views are named one by one, with allauth's own names and paths: what is not here (signing up, changing one's address,
signing in by a code from a mail) cannot be reached.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.conf import settings
from django.urls import path, re_path

from accounts.views import account as own
from accounts.views import demo, invitations, second_factor

urlpatterns = [
    path("konto/", own.update_profile, name="update_profile"),
    path("konto/login/", account.login, name="account_login"),
    path("konto/logout/", account.logout, name="account_logout"),
    path("konto/inactive/", account.account_inactive, name="account_inactive"),
    path("konto/signup/", account.signup, name="account_signup"),
    path("konto/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("konto/password/change/", account.password_change, name="account_change_password"),
    path("konto/password/set/", account.password_set, name="account_set_password"),
    path("konto/password/reset/", account.password_reset, name="account_reset_password"),
    path("konto/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^konto/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "konto/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("konto/2fa/", mfa.index, name="mfa_index"),
    path("konto/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("konto/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("konto/2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("konto/2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("konto/2fa/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("konto/2fa/recovery-codes/generate/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("konto/2fa/recovery-codes/download/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("konto/2fa/webauthn/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("konto/2fa/webauthn/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("konto/2fa/webauthn/login/", second_factor.sign_in_with_key, name="mfa_login_webauthn"),
    path("konto/2fa/webauthn/reauthenticate/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("konto/2fa/webauthn/keys/<int:pk>/edit/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("konto/2fa/webauthn/keys/<int:pk>/remove/", second_factor.remove_key, name="mfa_remove_webauthn"),
    path("konto/sitzungen/", sessions.list_usersessions, name="usersessions_list"),
    path("konto/sitzungen/<int:pk>/beenden/", own.end_session, name="end_session"),
    path("einladung/<str:token>/", invitations.accept_invitation, name="accept_invitation"),
    path("sprache/", own.set_language, name="set_language"),
]
if settings.DEMO:
    urlpatterns += [path("demo/anmelden/", demo.demo_sign_in, name="demo_sign_in")]
