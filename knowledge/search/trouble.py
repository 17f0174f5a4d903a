"""What is wrong with OpenSearch, in words for whoever runs it."""

import re

from django.utils.translation import gettext as _
from opensearchpy.exceptions import AuthenticationException, AuthorizationException, ConnectionTimeout, SSLError
from opensearchpy.exceptions import ConnectionError as Unreachable

from knowledge.search.engine import in_short


def in_words(error: BaseException) -> str:
    """Half a sentence; what a server says beyond that, for those who know it."""
    if isinstance(error, AuthenticationException):
        return _("es nimmt die Anmeldung nicht an (OPENSEARCH_USER, OPENSEARCH_PASSWORD, OPENSEARCH_API_KEY)")
    if isinstance(error, AuthorizationException):
        return _("dem Benutzer fehlt ein Recht, das docs/opensearch.md nennt (%(right)s)") % {"right": _missing(error)}
    if isinstance(error, SSLError):
        return _("sein Zertifikat passt nicht zu OPENSEARCH_CA, oder es spricht kein TLS")
    if isinstance(error, ConnectionTimeout):
        return _("es antwortet nicht rechtzeitig")
    if isinstance(error, Unreachable):
        return _("es ist nicht zu erreichen")
    return in_short(error)


def _missing(error: AuthorizationException) -> str:
    named = re.search(r"permissions for \[([^\]]*)\]", str(error.error))
    return named[1] if named else in_short(error)
