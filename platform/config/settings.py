"""All settings, from the environment, failing loudly. `rufverbund check` says in words what is missing.

Secrets may be given as NAME or, better, as NAME_FILE (the path of a file that holds it). The command line fills in DATABASE_URL and
the secrets from RUFVERBUND_HOME when no server was named (config.embedded).
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def env(name: str, default: str | None = None) -> str:
    """The value of NAME, or of the file that NAME_FILE points to; without a default a missing one is an error."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set (nor {name}_FILE); see “Run it for real” in README.md")
    return value


def flag(name: str) -> bool:
    """1, true, yes, on; or their opposites. Anything else is an error."""
    value = env(name, "0").lower()
    if value not in {"0", "1", "false", "true", "no", "yes", "off", "on", ""}:
        raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no")
    return value in {"1", "true", "yes", "on"}


DEMO = flag("RUFVERBUND_DEMO")
DEBUG = False
TESTING = flag("RUFVERBUND_TESTING")
RUFVERBUND_DOMAIN = env("RUFVERBUND_DOMAIN", "localhost")
RUFVERBUND_HOME = Path(env("RUFVERBUND_HOME", str(BASE_DIR / ".rufverbund")))
RUFVERBUND_DB_POOL = int(env("RUFVERBUND_DB_POOL", "30"))
SECRET_KEY = env("RUFVERBUND_SECRET_KEY")
RUFVERBUND_DATABASE_SECRET = env("RUFVERBUND_DATABASE_SECRET")
RUFVERBUND_OWNER_SECRET = env("RUFVERBUND_OWNER_SECRET", "")  # only for migrations, the worker and the command line
RUFVERBUND_SEARCHES_DAYS = int(env("RUFVERBUND_SEARCHES_DAYS", "180"))  # how long what was searched for is kept
RUFVERBUND_OUTBOX_DAYS = int(env("RUFVERBUND_OUTBOX_DAYS", "30"))  # how long what happened can be told to who was away
if RUFVERBUND_OUTBOX_DAYS < 1:
    raise ImproperlyConfigured("RUFVERBUND_OUTBOX_DAYS must be 1 or more")
HTTPS = flag("RUFVERBUND_HTTPS")  # behind TLS: secure cookies, HSTS, redirects
RUFVERBUND_PORT = env(
    "RUFVERBUND_PORT", ""
)  # in addresses, when it is neither the usual one nor that of `rufverbund serve`

# Links in mails carry the Host header's name and port: HostMiddleware refuses other ports, and names that no municipality has.
ALLOWED_HOSTS = [
    RUFVERBUND_DOMAIN,
    f".{RUFVERBUND_DOMAIN}",
    *(["127.0.0.1", "[::1]"] if DEMO or TESTING else []),  # programs may use any name, see config.asgi
    *filter(None, env("RUFVERBUND_HOSTS", "").split(",")),
]
ROOT_URLCONF = "config.urls.front"  # HostMiddleware chooses another one by the host
WSGI_APPLICATION = None
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Database: DATABASE_URL names the server and the database, never a login; logins and their passwords are derived.


def database(url: str) -> dict[str, object]:
    """postgresql://HOST[:PORT]/NAME, or postgresql:///NAME?host=/socket/directory&port=N."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or len(parts.path) < 2:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://host:5432/rufverbund")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    options = {key: unquote(query[key]) for key in ("sslmode", "sslrootcert") if key in query}
    return {
        "ENGINE": "tenants.backend",
        "NAME": parts.path[1:],
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": query.get("port", str(parts.port or "")),
        "OPTIONS": {"connect_timeout": 5, **options},
        "TENANCY": "single" if TESTING else "login",
        "CONN_MAX_AGE": 0,  # back to the pool after each request
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


DATABASES = {"default": database(env("DATABASE_URL"))}
if TESTING:
    DATABASES["default"] |= {
        "USER": env("RUFVERBUND_TEST_USER", "postgres"),
        "PASSWORD": env("RUFVERBUND_TEST_PASSWORD", ""),
    }
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "tenants.Municipality"
TENANT_DOMAIN_MODEL = "tenants.Host"
SHARED_APPS = [
    "config",
    "django_tenants",
    "django.contrib.postgres",
    "tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "procrastinate.contrib.django",
    "knowledge.pool",
    "telephony_bridge",
    "desk",
    "onboarding",
]
TENANT_APPS = ["knowledge"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
RIGHTS = [
    "tenants",
    "accounts",
    "knowledge.pool",
    "telephony_bridge",
    "config",
]  # apps with sql/rights.sql, in this order
PUBLIC_SCHEMA_NAME = "public"

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.StaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.HostMiddleware",  # area and municipality by the host; everything below works in the front's scope
    "config.middleware.HostSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.middleware.AreaMiddleware",  # who may enter this host, and in which scope the view runs
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.area",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# People

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.backend.AuthenticationBackend"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_USER_DISPLAY = "accounts.adapter.display_name"
ACCOUNT_EMAIL_VERIFICATION = "none"  # nobody signs up: an invitation link proves the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key,20/15m/ip", "login": "60/m/ip", "reset_password": "10/h/ip,3/h/key"}
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by mail
ACCOUNT_FORMS = {
    "login": "accounts.forms.sign_in.SignInForm",
    "reauthenticate": "accounts.forms.sign_in.PasswordForm",
    "change_password": "accounts.forms.sign_in.PasswordChangeForm",
    "set_password": "accounts.forms.sign_in.PasswordSetForm",
    "reset_password": "accounts.forms.sign_in.PasswordResetForm",
    "reset_password_from_key": "accounts.forms.sign_in.PasswordFromLinkForm",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.sign_in.CodeForm",
    "reauthenticate": "accounts.forms.sign_in.CodeAgainForm",
    "activate_totp": "accounts.forms.sign_in.AppForm",
    "add_webauthn": "accounts.forms.sign_in.KeyForm",
    "edit_webauthn": "accounts.forms.sign_in.KeyNameForm",
}
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds before and after, for clocks that are slow
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Rufverbund"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # *.localhost in development
USERSESSIONS_TRACK_ACTIVITY = False  # a write per request would be one too many
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")  # quick

# Cookies, headers

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-rufverbund_session" if HTTPS else "rufverbund_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-rufverbund_csrf" if HTTPS else "rufverbund_csrf"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# No header is believed here: X-Forwarded-Host and -Port never, X-Forwarded-Proto and -For by uvicorn if a trusted proxy sent them
# (`rufverbund serve --proxy`, RUFVERBUND_PROXIES).
USE_X_FORWARDED_HOST = USE_X_FORWARDED_PORT = False
SECURE_PROXY_SSL_HEADER = None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": [
            "'self'",
            *([f"http://*.{RUFVERBUND_DOMAIN}:*", f"http://{RUFVERBUND_DOMAIN}:*"] if DEMO else []),
        ],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# Cache: in the database, since several processes count sign-in failures together. Used in the front's scope only.

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache", "TIMEOUT": 3600}}

# Language, time

LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("Deutsch")), ("en", _("Englisch"))]
LOCALE_PATHS = [Path(__file__).resolve().parent / "locale"]  # in a checkout and in an installed wheel
LANGUAGE_COOKIE_NAME = "rufverbund_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"  # shown; stored in UTC
USE_THOUSAND_SEPARATOR = False  # else {{ row.pk }} in an address becomes "1.013"; the filter `thousands` is for people

# Files

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("RUFVERBUND_STATIC", str(RUFVERBUND_HOME / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if TESTING else "config.storage.Storage"
    },
}
WHITENOISE_USE_FINDERS = TESTING
WHITENOISE_AUTOREFRESH = TESTING  # else each client of the tests would read all files first
WHITENOISE_MANIFEST_STRICT = not TESTING

# Mail: a console in development, a server elsewhere; never without TLS

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if mail := env("RUFVERBUND_MAIL_URL", ""):
    _mail = urlsplit(mail)
    if _mail.scheme not in {"smtp", "smtps"} or not _mail.hostname:
        raise ImproperlyConfigured(
            "RUFVERBUND_MAIL_URL must look like smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465"
        )
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp", _mail.scheme == "smtps"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or (465 if EMAIL_USE_SSL else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env("RUFVERBUND_MAIL_FROM", f"rufverbund@{RUFVERBUND_DOMAIN}")

# Search: PostgreSQL, and OpenSearch beside it where one is named (docs/opensearch.md)


def opensearch(urls: str) -> dict[str, object] | None:
    """How to reach it: the addresses of its nodes (with commas between them), who we are, how the index is laid out; None without."""
    hosts = [url.strip().rstrip("/") for url in urls.split(",") if url.strip()]
    for host in hosts:
        parts = urlsplit(host)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ImproperlyConfigured(
                "OPENSEARCH_URL muss wie https://host:9200 aussehen (weitere Knoten nach Kommas); der Benutzer gehört in OPENSEARCH_USER."
            )
        if parts.scheme == "http" and (env("OPENSEARCH_PASSWORD", "") or env("OPENSEARCH_API_KEY", "")):
            raise ImproperlyConfigured(
                "OPENSEARCH_URL muss mit https beginnen, wenn ein Passwort oder ein Schlüssel dorthin geschickt wird."
            )
    if not hosts:
        return None
    return {
        "hosts": hosts,
        "user": env("OPENSEARCH_USER", ""),
        "password": env("OPENSEARCH_PASSWORD", ""),
        "api_key": env("OPENSEARCH_API_KEY", ""),
        "ca": env("OPENSEARCH_CA", ""),  # path of a file
        "prefix": env("OPENSEARCH_PREFIX", "rufverbund"),
        "shards": int(env("OPENSEARCH_SHARDS", "1")),
        "replicas": int(env("OPENSEARCH_REPLICAS", "-1")),  # negative: one, where there is a second node
    }


OPENSEARCH = opensearch("" if TESTING else env("OPENSEARCH_URL", ""))

LOGGING_CONFIG = None  # config.logs sets up structlog in each process
SILENCED_SYSTEM_CHECKS = ["django_tenants.W003"]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

if DEMO and HTTPS:
    raise ImproperlyConfigured("demo mode serves loopback only; unset RUFVERBUND_HTTPS or RUFVERBUND_DEMO")
