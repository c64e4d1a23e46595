"""CSS beyond Streamlit's theme."""

from __future__ import annotations

from rag.core.formats import NAMES
from rag.ui.texts import Texts

# Last rule: hides the empty sidebar of a page whose access was revoked while open.
_STYLE = """
/* Small print: quiet, and still 4.5 to 1. */
.muted, table.plain th { color: color-mix(in srgb, currentColor 78%, transparent); }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * { color: inherit !important; }
[data-testid="stCaptionContainer"] { opacity: 0.8 !important; }
/* What is being drawn anew stays readable: Streamlit fades it to a third. */
[data-stale="true"] { opacity: 1 !important; }
[data-variant="segmented_control"], [data-variant="segmented_control"] * { color: inherit !important; }
/* Under the pointer Streamlit darkens the primary colour, in the dark theme down to 1.5 to 1. */
button:is([kind="secondary"], [kind="tertiary"]):is(:hover, :focus, :active) { color: var(--st-link-color) !important; }
/* The headings of a page's parts: of the second level, and no larger than they need be. */
[data-testid="stHeading"] h2 { font-size: 1.125rem; padding: 0.5rem 0; }
.question { white-space: pre-wrap; overflow-wrap: anywhere; }
.brand { font-size: 1.35rem; font-weight: 650; letter-spacing: -0.01em; }
.brand.large { font-size: 2.4rem; text-align: center; margin-top: 16vh; }
.st-key-door > * { max-width: 24rem; text-align: center; }
.brand sup { color: var(--st-primary-color); font-size: 0.6em; margin-inline-start: 0.1em; }
[class*="st-key-chat-"] button, [class*="st-key-chat-"] button * { justify-content: flex-start; text-align: start; }
.muted { font-size: 0.875rem; overflow-wrap: anywhere; }
table.plain { width: 100%; border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
table.plain :is(th, td) { padding: 0.4rem 0.75rem 0.4rem 0; text-align: start; overflow-wrap: anywhere; }
table.plain th { font-weight: 500; }
table.plain tr { border-bottom: 1px solid var(--st-border-color); }
/* The source panel stands beside the page; below 900 px it covers its lower part. */
@media (min-width: 901px) {
  html[data-source] [data-testid="stAppViewContainer"] { right: min(var(--footnote-panel, 46vw), 92vw); width: auto; }
  html[data-source] [data-testid="stMainBlockContainer"] { padding-inline: 1.5rem; }
}
/* On a phone the words have the width of the pictures beside them. */
@media (max-width: 640px) {
  [data-testid="stChatMessage"] { padding-inline: 0.5rem; }
  [data-testid^="stChatMessageAvatar"] { display: none; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation-duration: 0.01ms !important; transition: none !important; }
}
@media print {
  :is([data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stBottom"], [data-testid="stToolbar"],
    [data-testid="stPopover"], [data-testid="stButton"], [data-testid="stExpandSidebarButton"]) {
    display: none !important;
  }
  :is([data-testid="stAppViewContainer"], [data-testid="stMain"], .stApp) {
    position: static !important; overflow: visible !important; height: auto !important;
  }
}
body:has(.st-key-door) :is([data-testid="stSidebar"], [data-testid="stExpandSidebarButton"]) { display: none; }
"""
# Replaces texts that Streamlit has in English only.
_UPLOADER = """
[data-testid="stFileUploaderDropzone"] :is(button p, [data-testid$="Instructions"] span) { font-size: 0; }
[data-testid="stFileUploaderDropzone"] button p::after { content: "%s"; font-size: 1rem; }
[data-testid="stFileUploaderDropzoneInstructions"] span { white-space: normal; }
[data-testid="stFileUploaderDropzoneInstructions"] span::after { content: "%s"; font-size: 0.875rem; }
"""


def style(texts: Texts, upload_megabytes: int) -> str:
    """The style sheet of every page; some of its words are in the user's language."""
    said = texts("documents.files_help", kinds=", ".join(NAMES), size=upload_megabytes)
    return _STYLE + _UPLOADER % (texts("documents.choose"), said)
