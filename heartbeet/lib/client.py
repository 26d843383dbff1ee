"""Who is at the other end of a request."""

from ipaddress import ip_address


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


def _normal(text: str) -> str:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return ""
