"""Which addresses may report for a source: networks as they are typed, stored and compared."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.utils.translation import gettext as _

from tenants.errors import Refusal

MOST = 50


def parse_networks(text: str) -> list[str]:
    """The networks in a text, one a line or separated by commas, in their usual form ("203.0.113.0/24"); each once.

    Raises Refusal for what is no address or network, for networks that are the whole internet, and for more than 50.
    """
    found: dict[str, None] = {}
    for word in text.replace(",", " ").replace(";", " ").split():
        try:
            network = ip_network(word, strict=False)
        except ValueError:
            raise Refusal(
                _("„%(word)s“ ist keine IP-Adresse und kein Netz wie 203.0.113.0/24.") % {"word": word[:60]}
            ) from None
        if network.prefixlen == 0:
            raise Refusal(
                _("„%(word)s“ ist das ganze Internet; ohne Einschränkung lassen Sie das Feld leer.") % {"word": word}
            )
        found[str(network)] = None
    if len(found) > MOST:
        raise Refusal(_("Es sind höchstens %(most)s Netze möglich.") % {"most": MOST})
    return list(found)


def is_allowed(address: str, networks: Iterable[str]) -> bool:
    """Whether an address ("203.0.113.7", also "::ffff:203.0.113.7") is in one of the networks; without networks any is."""
    allowed = list(networks)
    if not allowed:
        return True
    try:
        asking = _plain(address)
    except ValueError:  # a Unix socket has none
        return False
    return any(asking in ip_network(network) for network in allowed)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """IPv4 that came over a socket for IPv6 as itself, without a zone."""
    found = ip_address(address.partition("%")[0])
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
