"""The one door to the network, for addresses that users type and for the models that somebody asked for.

An address is judged where it leads, not by how it is written: its host is resolved once, every
address found is checked, and the connection goes to the very address that was checked. That
holds for each hop again, so neither a redirect nor a name that changes its mind leads inside.
Certificates are checked against the name in the address as usual.

Nothing in the environment changes the way (no proxies), and every connection made or refused
is one line in the log of this package: host and port, never the rest of the address.
"""

from rag.network.fetching import MOST_REDIRECTS, USER_AGENT, Fetched, Opened, fetch, opened, patient
from rag.network.ssrf import is_public

__all__ = ["MOST_REDIRECTS", "USER_AGENT", "Fetched", "Opened", "fetch", "is_public", "opened", "patient"]
