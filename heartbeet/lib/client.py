"""Who is at the other end of a request."""

from ipaddress import IPv6Address, ip_address, ip_network


def address(peer: str, forwarded_for: str, trusted_proxies: int) -> str:
    """The client's address. Behind `trusted_proxies` proxies it is that many entries from the right of
    X-Forwarded-For, for only those were written by proxies of ours; everything left of it is the client's own word.
    """
    if trusted_proxies < 1:
        return _normal(peer)
    entries = [entry.strip() for entry in forwarded_for.split(",") if entry.strip()]
    if len(entries) < trusted_proxies:
        return _normal(peer)
    return _normal(entries[-trusted_proxies]) or _normal(peer)


def network(address: str) -> str:
    """What one person can be behind: an IPv4 address, or a whole /64 of IPv6, which is the least anybody gets."""
    if ":" not in address:
        return address
    return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))


def _normal(text: str) -> str:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host)
    except ValueError:
        return ""
    return str(found.ipv4_mapped or found) if isinstance(found, IPv6Address) else str(found)
