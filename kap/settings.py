"""All settings, read from the environment. A missing or unusable variable stops the start and is named.

docs/operations.md lists every variable. Nothing here differs by file or by host name: one build runs
everywhere, and KAP_MODE says what for.
"""

import sys
from pathlib import Path

import environ
import pghistory
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODES = ("demo", "production", "test")
MODE = env.str("KAP_MODE", default="production")
if MODE not in MODES:
    raise ImproperlyConfigured(f"KAP_MODE is {MODE!r}. Set it to one of: {', '.join(MODES)}.")
DEMO = MODE == "demo"
PRODUCTION = MODE == "production"
DEBUG = False


def needed(name: str) -> str:
    """A variable without which nothing may start; the error says its name and where it is explained."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set {name}. It is missing or empty; docs/operations.md explains it.")
    return value


SECRET_KEY = needed("SECRET_KEY")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short. Use at least 50 random characters in production.")

# Keys of the encrypted columns, the newest first; kap.core reads them at the start. Outside production they are
# generated once.
FIELD_KEYS = needed("FIELD_KEYS") if PRODUCTION else env.str("FIELD_KEYS", default="")

VAR_DIR = Path(env.str("KAP_VAR_DIR", default=str(BASE_DIR / "var")))
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.str('PORT', default='8000')}").rstrip("/")
HTTPS = SITE_URL.startswith("https://")
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured("SITE_URL must start with https:// in production, as clients see it.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the host names that clients use, separated by commas.")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if HTTPS else []

# Time. Offsets are for the demonstration and for tests; kap.core.clock refuses them in production.
CLOCK_FILE = Path(env.str("KAP_CLOCK_FILE", default=str(VAR_DIR / "clock")))

INSTALLED_APPS = [
    "kap.core",
    "kap.audit",
    "kap.accounts",
    "kap.people",
    "kap.pathway",
    "kap.worklist",
    "kap.outbox",
    "kap.documents",
    "kap.measures",
    "kap.notes",
    "scheduling",
    "intake",
    "sessions.apps.DosingConfig",
    "integration",
    "kap.desk",
    "kap.demo",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "kap.core.middleware.Headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kap.core.middleware.RequestId",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kap.accounts.middleware.Idle",
    "kap.people.middleware.Emergencies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kap.core.middleware.WrongMethod",
    "kap.accounts.middleware.DefaultDeny",
    "kap.accounts.second.middleware.SecondFactor",
    "kap.core.middleware.ClinicTime",
    "kap.core.middleware.Refusals",
    "kap.audit.middleware.FailClosed",
]

ROOT_URLCONF = "kap.urls"
WSGI_APPLICATION = "kap.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kap.core.context.clinic",
            ],
        },
    },
]

# Database. Migrations run as the owner; the application is another role that owns nothing.
AS_OWNER = env.bool("KAP_AS_OWNER", default=False)
needed("DATABASE_URL")
try:
    DATABASES = {
        "default": env.db_url(
            "DATABASE_OWNER_URL" if AS_OWNER and env.str("DATABASE_OWNER_URL", default="") else "DATABASE_URL"
        )
    }
except Exception as error:
    raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
DATABASES["default"].update(
    CONN_MAX_AGE=env.int("DATABASE_CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
    DISABLE_SERVER_SIDE_CURSORS=True,  # they would not survive PgBouncer's transaction mode
    ATOMIC_REQUESTS=False,  # kap.core.actions is the one place of transactions
    OPTIONS={
        "connect_timeout": 5,
        # A database host that vanishes is noticed in seconds, not in the system's two hours.
        "keepalives_idle": 20,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        # No rule may depend on the server's zone; a stuck statement must not hold a clinic up. The owner
        # runs migrations and back-ups, which may take longer.
        "options": "-c timezone=UTC -c lock_timeout=8000 -c idle_in_transaction_session_timeout=60000"
        + ("" if AS_OWNER else " -c statement_timeout=20000"),
    },
)
DATABASE_APP_ROLE = env.str("DATABASE_APP_ROLE", default="kap_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# History by trigger (kap.audit). The context is one JSON column, so that no UPDATE right is needed.
PGHISTORY_APPEND_ONLY = True
PGHISTORY_BASE_MODEL = "kap.core.history.Event"
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_CONTEXT_ID_FIELD = pghistory.ContextUUIDField(null=True)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="history")
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # unique by lower(email), which the check does not see

REDIS_URL = needed("REDIS_URL")
# Sessions, limits and caches live in PostgreSQL, so that sign-in survives a lost Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kap_cache",
        "OPTIONS": {
            "MAX_ENTRIES": 100_000
        },  # with 300, which is usual, a flood of tries would wash limits away
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Who does nothing is signed out or locked (kap.accounts.idle, by the clinic's clock); tests, which move that clock by
# weeks, turn it on where they try it. The row of a session outlives the twelve hours of a sign-in: a dosing session
# that is under way then is not cut off.
SESSION_LIMITS = MODE != "test" or env.bool("KAP_SESSION_LIMITS", default=False)
SESSION_COOKIE_AGE = 36 * 60 * 60
LIVE_ROOMS = "sessions.lock.rooms"  # accounts, which stand left of the rooms, ask what is under way in them
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-kap_session" if HTTPS else "kap_session"
CSRF_COOKIE_NAME = "__Host-kap_csrf" if HTTPS else "kap_csrf"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their markup; no script of ours reads a cookie
CSRF_FAILURE_VIEW = "kap.core.views.csrf_failed"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Celery: Redis carries only "look at the table now" signals; every promise is a row (kap.outbox).
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a page never waits for Redis: beat sweeps the table anyway
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
SWEEP_SECONDS = env.float("KAP_SWEEP_SECONDS", default=30.0)

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher" if PRODUCTION else "kap.core.hashers.QuickArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "kap.accounts.passwords.NotKnown"},
]
# An answer to an address alone takes at least this long, known or not (kap.accounts.even); well above the work for one.
EVEN_SECONDS = 0.0 if MODE == "test" else 0.3
LOGIN_URL = "accounts:sign_in"
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
OWE = "kap.outbox.actions.owe"  # how accounts and people, which stand left of the outbox, owe a message
RAISE = "kap.worklist.actions.raise_item"  # and how people puts up what a person must look at
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # staff come by invitation, clients by an emailed code: both prove the address
)
ACCOUNT_ADAPTER = "kap.accounts.adapter.Adapter"
# Staff prove a second factor. The demonstration asks for none and says so; tests turn it on where they try it.
SECOND_FACTOR = PRODUCTION or (MODE == "test" and env.bool("KAP_SECOND_FACTOR", default=False))
MFA_ADAPTER = "kap.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_WEBAUTHN_USER_VERIFICATION = "required"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

# Language and time. Instants are stored in UTC; kap.core.middleware activates the clinic's zone.
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [BASE_DIR / "kap" / "locale"]

# Static files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "media"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test" and "gunicorn" not in sys.argv[0]
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# Mail
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env.str("EMAIL_HOST", default="127.0.0.1")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="clinic@localhost")
if DEMO:
    EMAIL_BACKEND = "kap.outbox.mailbox.DemoMailbox"

# Headers. Nothing inline, nothing from elsewhere. The others are in kap.core.middleware.Headers.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "upgrade-insecure-requests": HTTPS,
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.int("TRUSTED_PROXIES", default=0) else None
)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600
FILE_UPLOAD_HANDLERS = ["kap.core.uploads.NoFiles"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "pyhanko": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
    },
}
