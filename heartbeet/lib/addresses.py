"""Which network addresses Heartbeet may connect to on behalf of a user. Pure: no socket, no resolver."""

import socket
import unicodedata
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = "a cloud metadata address"
"""The one reason that no setting removes."""

_METADATA = [
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # AWS, Google, Azure, Oracle, DigitalOcean, Scaleway, Tencent: each lives in here
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's wire server, a public address that answers inside only
        "192.0.0.192/32",  # Oracle Classic
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # Google
        "fd00:42::42/128",  # Scaleway
    )
]

_SPECIAL = [
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's private address"),
        ("127.0.0.0/8", "a loopback address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a special-purpose address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "a broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "a private translation address"),
        ("100::/64", "a discard address"),
        ("2001::/23", "a special-purpose address"),
        ("2001:db8::/32", "a documentation address"),
        ("3fff::/20", "a documentation address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
]

_NAT64 = ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")


def refusal(address: Address, allowed: Sequence[Network] = ()) -> str:
    """Why nobody may be sent to `address`, as in "a private address"; empty if it is fine.

    `allowed` lists networks that the operator opens although they are not public. Cloud metadata stays closed: it hands
    out the machine's own credentials.
    """
    forms = [address, *_embedded(address)]
    if any(_within(form, _METADATA) for form in forms):
        return METADATA
    judged = forms[1:] if _is_only_a_wrapper(address) else forms
    return next((why for why in (_why(form, allowed) for form in judged) if why), "")


def literal(host: str) -> Address | None:
    """The address that `host` spells, in any of the forms a resolver accepts: `127.1`, `0x7f000001`, `017700000001`,
    `2130706433`, `[::1]`, full-width digits. None if it is a name."""
    text = unicodedata.normalize("NFKC", host).strip("[]").partition("%")[0].rstrip(".").replace("\u3002", ".")
    try:
        return ip_address(text)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text)) if text and " " not in text else None
    except (OSError, UnicodeEncodeError):
        return None


def _why(address: Address, allowed: Sequence[Network]) -> str:
    if _within(address, allowed):
        return ""
    for network, what in _SPECIAL:
        if address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "a reserved address"
    return "" if address.is_global else "not a public address"


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _is_only_a_wrapper(address: Address) -> bool:
    """Whether the kernel or a NAT64 gateway sends it to the IPv4 address inside, so that only that one counts."""
    return isinstance(address, IPv6Address) and (address.ipv4_mapped is not None or address in _NAT64)


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a tunnel, a translator or an old kernel would read out of an IPv6 address."""
    if not isinstance(address, IPv6Address):
        return
    number = int(address)
    if address.ipv4_mapped or address in _NAT64 or (address in _COMPATIBLE and number > 1):
        yield IPv4Address(number & 0xFFFFFFFF)
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _LOCAL_NAT64:
        yield IPv4Address(number & 0xFFFFFFFF)
        yield IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)  # RFC 6052, a prefix of 48 bits
