"""Parsing addresses in one unambiguous way, and classifying the IP addresses that they lead to."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

import httpcore
import idna

from rag.core.errors import AddressInvalid

_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_BEHIND_HOST = re.compile(r"[/?#:]")
_STRANGE = re.compile(r"[\x00-\x20\x7f-\x9f\\]|[^\S ]")

# Networks that Python calls global although they lead inside: cloud metadata services.
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


def completed(address: str) -> str:
    """An address as people write it, with the scheme that they leave out: "www.example.org/a" has a host with a dot.

    >>> completed(" www.example.org/a "), completed("http://wiki"), completed("nonsense")
    ('https://www.example.org/a', 'http://wiki', 'nonsense')
    """
    address = address.strip()
    host = _BEHIND_HOST.split(address, maxsplit=1)[0]
    return f"https://{address}" if "." in host.strip(".") and "://" not in address and "@" not in host else address


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or is_metadata_service(ip):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _FORBIDDEN_4)
    return address in _GLOBAL_6 and not any(address in network for network in _FORBIDDEN_6)


def is_metadata_service(ip: str) -> bool:
    """Whether a cloud may serve a machine's credentials at an IP address; these are never allowed."""
    address = _unmapped(ip)
    return any(address in network for network in _METADATA)


def is_loopback(host: str) -> bool:
    """Whether a host, as a name or an IP address, is this machine itself; an IPv4-mapped IPv6 address counts too."""
    return _unmapped(host).is_loopback if is_ip(host) else host.lower() == "localhost"


def is_ip(host: str) -> bool:
    """Whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unmapped(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IP address, as IPv4 where it is one mapped into IPv6."""
    address = ipaddress.ip_address(ip)
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def parse(address: str, current: str) -> httpcore.URL:
    """`current` as a URL; AddressInvalid, naming `address`, where parsers could disagree about it."""
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


def bracketed(host: str) -> str:
    """A host as it is written before a port: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def host_header(url: httpcore.URL) -> str:
    """The value of the Host header."""
    host = bracketed(url.host.decode("ascii"))
    return host if url.port is None else f"{host}:{url.port}"


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: a secret is sent on only where these are the same."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port
