"""The only code that opens network connections to addresses: those that users type, and those of models.

SSRF protection: a host is resolved once, every resolved IP is checked, and the connection goes to a checked IP, at each
redirect again, so that neither a redirect nor DNS rebinding leads into a private network. Certificates are verified
against the host name as usual. Proxies from the environment are ignored. Every connection made or refused is one log
line of this package: host and port, never the rest of the address.
"""

from rag.network.fetching import MOST_REDIRECTS, USER_AGENT, Fetched, Opened, fetch, opened, patient
from rag.network.ssrf import is_public

__all__ = ["MOST_REDIRECTS", "USER_AGENT", "Fetched", "Opened", "fetch", "is_public", "opened", "patient"]
