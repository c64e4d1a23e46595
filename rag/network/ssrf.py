"""Addresses: taken apart in one way only, and judged by where they lead."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

import httpcore
import idna

from rag.core.errors import AddressInvalid

_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_STRANGE = re.compile(r"[\x00-\x20\x7f-\x9f\\]|[^\S ]")

# Beyond what is not global: addresses that Python calls global and that lead inside all the same.
_METADATA = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32")
]
_FORBIDDEN_4 = [ipaddress.ip_network("192.88.99.0/24")]  # relays into 6to4
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_FORBIDDEN_6 = [
    ipaddress.ip_network(text)
    # Teredo and other protocol addresses, documentation, 6to4, and AS112.
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet and leads inside in no way known."""
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved or gives_keys(ip):
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _FORBIDDEN_4)
    return found in _GLOBAL_6 and not any(found in network for network in _FORBIDDEN_6)


def gives_keys(ip: str) -> bool:
    """Whether a machine gives away its own keys at an IP address; such stay closed whatever is allowed."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in _METADATA)


def taken_apart(address: str, current: str) -> httpcore.URL:
    """The address in parts; AddressInvalid where two programs could take it apart differently."""
    try:
        parts = urlsplit(current)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError) as error:
        raise AddressInvalid(address=address) from error
    host = host.removesuffix(".")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise AddressInvalid(address=address)
    if _STRANGE.search(current) or "@" in parts.netloc or "%" in host:
        raise AddressInvalid(address=address)
    query = "?" + quote(parts.query, safe=_SAFE) if parts.query else ""
    target = quote(parts.path or "/", safe=_SAFE) + query
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=target)


def shown(host: str) -> str:
    """A host as it is written before a port."""
    return f"[{host}]" if ":" in host else host


def host_header(url: httpcore.URL) -> str:
    """What a server is told of whom the request is for."""
    host = shown(url.host.decode("ascii"))
    return host if url.port is None else f"{host}:{url.port}"


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what must be the same for a secret to be sent on."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port
