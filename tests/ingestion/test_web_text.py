"""Web pages: what is revoked or unseen, forms, formulas, code, numbers, headings and titles."""

from __future__ import annotations

import pytest

from rag.core.errors import NoText, ScriptNeeded
from rag.core.types import LoadedDocument, Page
from rag.ingestion.loading import load_bytes


def load(body: str, head: str = "") -> LoadedDocument:
    page = f'<!DOCTYPE html><html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'
    return load_bytes(page.encode(), "house_rules.html")


def read(body: str, head: str = "") -> Page:
    (page,) = load(body, head).pages
    for heading in page.headings:
        assert page.text[heading.start :].startswith(heading.title)
    return page


def left_out(page: Page) -> list[tuple[str, str, str]]:
    """Why, what, and the words before the place."""
    return [(part.why, part.text, page.text[: part.start][-8:]) for part in page.left_out]


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<del>20 or</del>", "deleted"),
        ("<s>20 or</s>", "struck"),
        ("<strike>20 or</strike>", "struck"),
        ("<span style='text-decoration: line-through red'>20 or</span>", "struck"),
        ("<span class=old>20 or</span>", "struck"),
        ("<span hidden>20 or</span>", "hidden"),
        ("<span style='display:none'>20 <b>or</b></span>", "hidden"),
        ("<span style='visibility: hidden'>20 or</span>", "hidden"),
        ("<span class='note away'>20 or</span>", "hidden"),
        ("<span id=gone>20 or</span>", "hidden"),
        ("<span aria-hidden=true>20 or</span>", "hidden"),
        ("<span style='font-size:0'>20 <i>or</i></span>", "unseen"),
        ("<span style='font-size: 1px'>20 or</span>", "unseen"),
        ("<span style='color:#fff'>20 or</span>", "unseen"),
        ("<font color=white>20 or</font>", "unseen"),
        ("<span style='color:rgb(255, 255, 255)'>20 or</span>", "unseen"),
        ("<span style='background:#123456;color:#123456'>20 or</span>", "unseen"),
        ("<span style='opacity:0'>20 or</span>", "unseen"),
        ("<span style='position:absolute;left:-9999px'>20 or</span>", "unseen"),
        ("<span style='position:absolute; clip: rect(0 0 0 0)'>20 or</span>", "unseen"),
        ("<span style='position:absolute;width:1px;height:1px;overflow:hidden'>20 or</span>", "unseen"),
        ("<span style='clip-path: inset(50%)'>20 or</span>", "unseen"),
        ("<span style='height:0; overflow:hidden'>20 or</span>", "unseen"),
        ("<span style='margin-left:-9999px'>20 or</span>", "unseen"),
        ("<span style='transform: scale(0)'>20 or</span>", "unseen"),
        ("<span style='font: 0/0 a'>20 or</span>", "unseen"),
        ("<span style='color:transparent'>20 or</span>", "unseen"),
        ("<span style='color:rgba(0,0,0,0)'>20 or</span>", "unseen"),
        ("<span style='color:hsl(0, 0%, 100%)'>20 or</span>", "unseen"),
        ("<span style='content-visibility:hidden'>20 or</span>", "hidden"),
        ("<span role=deletion>20 or</span>", "deleted"),
    ],
)
def test_what_nobody_sees_or_is_revoked_is_no_text_and_is_listed(inside: str, why: str) -> None:
    rules = (
        "<style>/* x */ .note.away, #gone { display: none !important } span.old{text-decoration:line-through}</style>"
    )
    page = read(f"<h1>Rules</h1><p>A wash costs {inside} 3 euros.</p><p>Ask the caretaker for a token.</p>", rules)
    assert page.text == "Rules\n\nA wash costs 3 euros.\n\nAsk the caretaker for a token."
    assert left_out(page) == [(why, "20 or", "h costs ")]


@pytest.mark.parametrize(
    ("inside", "head"),
    [
        ("<ins>3 euros</ins>", ""),
        ("<span style='background:#000;color:#fff'>3 euros</span>", ""),
        ("<span style='color:#fff'>3 euros</span>", "<link rel=stylesheet href=x.css>"),
        ("<span style='background:url(x.png);color:white'>3 euros</span>", ""),
        ("<span style='font-size:0'><b style='font-size:12px'>3 euros</b></span>", ""),
        ("<span style='color:transparent;-webkit-background-clip:text'>3 euros</span>", ""),
        ("<span style='color:rgba(0,0,0,.5)'>3 euros</span>", ""),
        (
            "<span class=x>3 euros</span>",
            "<style>.x{max-height:0;overflow:hidden} a:target .x{max-height:9em}</style>",
        ),
        ("<span class=print>3 euros</span>", "<style>@media print{.print{display:none}}</style>"),
        ("<span class=x>3 euros</span>", "<style>.wide .x{display:none}</style>"),
        (
            "<i class=menu><b class=x>3 euros</b></i>",
            "<style>.menu .x{display:none} .menu:hover .x{display:inline}</style>",
        ),
        ("<i class=w><b class=x>3 euros</b></i>", "<style>.w .x{display:none}</style><script src=opens.js></script>"),
        ("<i class=w><b><b class=x>3 euros</b></b></i>", "<style>.w > .x{display:none}</style>"),
        ("<i class=w><b class=x>3 euros</b></i>", "<style>.w .x{color:#fff}</style>"),
    ],
)
def test_what_is_seen_all_the_same_is_text(inside: str, head: str) -> None:
    page = read(f"<p>A wash costs {inside}.</p>", head)
    assert (page.text, page.left_out) == ("A wash costs 3 euros.", ())


def test_what_a_button_opens_is_there_to_be_read() -> None:
    body = "<button aria-controls=a1>Who may park?</button><div id=a1 hidden>All tenants may park.</div>"
    assert read(body).text == "Who may park?\n\nAll tenants may park."
    assert read("<details><summary>Who?</summary>All tenants.</details>").text == "Who?\n\nAll tenants."


def test_signs_that_only_adorn_are_not_listed() -> None:
    assert (
        read("<p>Text<i class='icon' aria-hidden=true>menu_open</i></p><span aria-hidden=true>»</span>").left_out == ()
    )


def test_parts_are_told_by_what_is_in_them_not_by_their_names() -> None:
    body = """<nav><a href=/>Home</a> <a href=/all>All policies</a></nav>
    <div class="cookie-banner">We use cookies to make this site better. <button>Accept</button></div>
    <main><h1>Benefits</h1>
    <section id="share-plan"><p>The share plan pays 5 per cent a year to all who have stayed for three years.</p>
    </section>
    <div class="menu"><p>The menu of the canteen changes every week, and soup is free.</p></div>
    <div class="social-security comment">Social security is paid by the company.</div>
    <aside><p>Whoever leaves before that loses the bonus of the year.</p></aside>
    <dl><dt>Pension</dt><dd>At 65</dd></dl>
    <figure><img src=x.png><figcaption>The plan at a glance</figcaption></figure>
    <p>Press <button>Send request</button> to apply.</p></main>
    <div class="share-bar"><a href=x>Facebook</a> <a href=y>Mail</a></div>
    <footer>Imprint <a href=/p>Privacy</a></footer>"""
    assert read(body).text.split("\n\n") == [
        "Benefits",
        "The share plan pays 5 per cent a year to all who have stayed for three years.",
        "The menu of the canteen changes every week, and soup is free.",
        "Social security is paid by the company.",
        "Whoever leaves before that loses the bonus of the year.",
        "Pension\nAt 65",
        "The plan at a glance",
        "Press Send request to apply.",
    ]


def test_on_a_long_page_nothing_of_the_main_part_vanishes() -> None:
    said = "Every employee of the company may take up to thirty days of leave a year, said the {}th rule of the book. "
    prose = "".join(f"<p>{said.format(n) * 2}</p>" for n in range(12))
    links = "".join(f"<li><a href=/{n}>Other story number {n}</a></li>" for n in range(20))
    body = f"""<div class=top><a href=/>Home</a> <a href=/b>About</a></div><div class=page><article>
    <h1>Leave</h1>{prose}
    <aside><p>Part-time staff get their share of it.</p></aside>
    <div class="comment share"><p>What is left in March is lost.</p></div>
    <dl><dt>Carer's leave</dt><dd>Ten days</dd></dl><p><button>Ask for leave</button></p></article>
    <div class=more><h3>More stories</h3><ul>{links}</ul></div></div>"""
    page = read(body)
    for kept in ("Part-time staff get their share of it.", "What is left in March is lost.", "Carer's leave\nTen days"):
        assert kept in page.text
    assert "Ask for leave" in page.text
    assert "Other story" not in page.text
    assert "About" not in page.text


def test_of_a_page_with_few_links_nothing_but_menus_is_left_away() -> None:
    said = "Every employee of the company may take up to thirty days of leave a year, said the {}th rule of the book. "
    prose = "".join(f"<p>{said.format(n) * 2}</p>" for n in range(12))
    beside = "<div><p>Valid from May for all offices.</p></div><table><tr><td>Signed by the board</td></tr></table>"
    page = read(f"<nav><a href=/>Home</a></nav><div><h1>Leave</h1>{prose}</div>{beside}")
    assert page.text.startswith("Leave\n\nEvery employee")
    assert page.text.endswith("Valid from May for all offices.\n\nSigned by the board")


def test_fields_of_forms_show_what_they_hold() -> None:
    body = """<form><p>Name: <input value="Ada Byron"></p><p><label><input type=checkbox checked> Full time</label>
    <label><input type="radio"> Part time</label></p><p>Team <select><option>Sales<option selected>Law</select>,
    floor <select><option>First<option>Second</select></p><p>Note <textarea>Ask first</textarea></p>
    <input type=hidden value=secret><input type=password value=secret><input type=submit value="Send it"></form>"""
    assert read(body).text.split("\n\n") == [
        "Name: Ada Byron",
        "☒ Full time ☐ Part time",
        "Team Law, floor First",
        "Note Ask first",
        "Send it",
    ]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mi>B</mi><mo>=</mo><mn>0.08</mn>", "B=0.08"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a+b)/c"),
        ("<msqrt><mi>x</mi></msqrt>", "sqrt(x)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "root(3, x)"),
        ("<msub><mi>H</mi><mn>2</mn></msub><mi>O</mi>", "H2O"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
            "∑_(i=1)^n i",
        ),
        ("<mi>f</mi><mo>&#x2061;</mo><mo>(</mo><mi>𝑥</mi><mo>)</mo>", "f(x)"),
        ("<semantics><mi>y</mi><annotation encoding='application/x-tex'>\\mathit{y}</annotation></semantics>", "y"),
    ],
)
def test_formulas_stand_on_one_line(formula: str, text: str) -> None:
    assert read(f"<p>So <math>{formula}</math> holds.</p>").text == f"So {text} holds."


def test_a_formula_that_is_drawn_twice_is_read_once() -> None:
    drawn = "<span class=katex-html aria-hidden=true>x</span>"
    page = read(
        f"<p>So <span class=katex><span class=katex-mathml><math><mi>x</mi></math></span>{drawn}</span> is.</p>"
    )
    assert (page.text, page.left_out) == ("So x is.", ())
    hidden = "<span style='display: none'><math><mi>x</mi></math></span><img alt='x'>"
    assert read(f"<p>So <span class=mwe-math-element>{hidden}</span> is.</p>").text == "So x is."


def test_raised_figures_stand_apart_and_lowered_ones_in_line() -> None:
    body = "<p>It costs $320<sup>1</sup> a year, 10<sup>2</sup> pieces of H<sub>2</sub>SO<sub>4</sub>.</p>"
    assert read(body).text == "It costs $320 [1] a year, 10^2 pieces of H2SO4."
    body = (
        "<p>Due in May<sup><a href='#n1'>1</a></sup><sup>[2]</sup>, the 1<sup>st</sup>.</p><p><sup>1</sup>Or June.</p>"
    )
    assert read(body).text == "Due in May [1] [2], the 1st.\n\n[1] Or June."
    assert read("<p>Rent is 400<a role=doc-noteref href=#n>3</a>.</p>").text == "Rent is 400 [3]."
    assert read("<p>Rent is 400<span style='vertical-align: super'>3</span>.</p>").text == "Rent is 400 [3]."


def test_marks_raised_by_their_style_alone_are_told_apart_and_so_are_two_beside_each_other() -> None:
    raised = "position:relative;top:-3.0pt;font-size:70%"
    body = f"<p>It costs $320<span style='{raised}'>1</span> a year and $45<sup>2</sup><sup>3</sup> a month.</p>"
    assert read(body).text == "It costs $320 [1] a year and $45 [2,3] a month."
    placed = (
        "<p>The <span style='position:relative;top:-3px'>caretaker lives</span> here<a epub:type=noteref>4</a>.</p>"
    )
    assert read(placed).text == "The caretaker lives here [4]."


def test_a_fraction_of_a_raised_and_a_lowered_figure_stays_one() -> None:
    body = "<p>Take 3<sup>1</sup>/<sub>2</sub> cups and <sup>3</sup>&frasl;<sub>4</sub> spoons; E = mc<sup>2</sup>.</p>"
    assert read(body).text == "Take 3 1/2 cups and 3⁄4 spoons; E = mc^2."
    assert read("<p>At 5 m<sup>2</sup>/day, 10<sup>6</sup>/ml.</p>").text == "At 5 m^2/day, 10^6/ml."


def test_formulas_that_a_script_would_draw_are_read_once() -> None:
    source = "<script type='math/tex'>q=4</script>"
    drawn = (
        "<span class=MathJax_Preview>k</span><span class=MathJax><nobr><i>k=5</i></nobr><span><math><mi>k</mi>"
        "<mo>=</mo><mn>5</mn></math></span></span><script type='math/tex'>k=5</script>"
    )
    assert read(f"<p>Let {source} be, and {drawn} too.</p>").text == "Let q=4 be, and k=5 too."


def test_the_words_on_tabs_are_text() -> None:
    tabs = "<div role=tablist><button role=tab aria-controls=p1>Fees</button></div><div id=p1 hidden>It is 30.</div>"
    assert read(tabs).text == "Fees\n\nIt is 30."


def test_items_are_numbered_as_a_browser_numbers_them() -> None:
    body = """<ol start=5><li>a<li value=9>b<li>c</ol><ol reversed><li>d<li>e</ol><ol type=a start=27><li>f</ol>
    <ol type=I><li>g<li>h</ol><ol style="list-style: lower-roman"><li>i</ol><ol><li type=A>j</ol>
    <ol class=n><li>k</ol><ol><div><li>l</div><li>m</ol><ol style="list-style-type:lower-greek"><li>n</ol>"""
    rules = "<style>.n{list-style-type:none}</style>"
    assert (
        " ".join(read(body, rules).text.split())
        == "5. a 9. b 10. c 2. d 1. e aa. f I. g II. h i. i A. j k 1. l 2. m α. n"
    )


def test_lines_of_code_stay_lines() -> None:
    body = """<pre><code><div class=line>stop ledger</div><div class=line>  tar czf x</div></code></pre>
    <pre><code><span style="display:block">make</span><span style="display:block">run</span></code></pre>
    <pre>cd /<br>ls</pre><pre><span class=lineno>1 </span>one\n<span class=lineno>2 </span>two</pre>
    <table class=highlight><tr><td class="gutter"><pre>1\n2</pre></td></tr></table>
    <div style="white-space: pre-wrap">a\n  b</div>"""
    assert read(body).text.split("\n\n") == ["stop ledger\n  tar czf x", "make\nrun", "cd /\nls", "one\ntwo", "a\n  b"]


def test_headings_have_levels_and_their_words_on_one_line() -> None:
    body = """<h1>Rules</h1><p>a</p><h3>For<br>all <a class=headerlink href=#x>¶</a></h3><p>b</p>
    <div role=heading aria-level=4>Role</div><p>c</p><h2><div>In a</div><div>box</div></h2>"""
    assert [(h.level, h.title) for h in read(body).headings] == [
        (1, "Rules"),
        (3, "For all"),
        (4, "Role"),
        (2, "In a box"),
    ]


def test_paragraphs_are_apart_however_they_are_made() -> None:
    assert read("One.<br><br>Two.<br>Same.<br/> <br/>Three.<div>Four.<div>Five.</div></div>Six.").text == (
        "One.\n\nTwo.\nSame.\n\nThree.\n\nFour.\n\nFive.\n\nSix."
    )


@pytest.mark.parametrize(
    ("stated", "first", "title"),
    [
        ("Leave policy", "Leave", "Leave policy"),
        ("Home", "Leave policy", "Leave policy"),
        ("Untitled Document", "Leave policy", "Leave policy"),
        ("", "Leave policy", "Leave policy"),
        ("Leave policy | ACME intranet", "Leave policy", "Leave policy"),
        ("ACME – Leave policy", "Leave policy", "Leave policy"),
        ("Pay and leave | ACME", "Welcome", "Pay and leave | ACME"),
    ],
)
def test_a_page_is_called_by_its_head_or_its_main_heading(stated: str, first: str, title: str) -> None:
    document = load(f"<h1>{first}</h1><p>Words of the page.</p>", f"<title>{stated}</title>")
    assert document.title == title


def test_the_day_of_a_page_is_known() -> None:
    meta = '<meta property="article:published_time" content="2026-03-05T10:00:00+01:00">'
    assert load("<p>Words.</p>", meta).date == "2026-03-05"
    assert load("<p>Words.</p>").date == ""


def test_a_page_that_a_script_fills_is_noticed() -> None:
    script, asks = "<script src=app.js></script>", "<noscript>You need to enable JavaScript to run this app.</noscript>"
    for body in (
        f"{asks}<div id=root></div>{script}",
        f"<div id=app>Loading…</div>{script}",
        f"<app-root></app-root>{script}",
    ):
        with pytest.raises(ScriptNeeded):
            load(body)
    page = read(f"<h1>Staff portal</h1><div id=root></div>{asks}{script}")
    assert (page.text, page.unread) == ("Staff portal", "script")
    assert read(f"<h1>Opening hours</h1><p>We close at nine.</p>{script}").unread is None
    with pytest.raises(NoText):
        load("<div id=root></div>")


def test_a_frame_that_stands_in_the_page_is_read() -> None:
    assert (
        read("<p>Outside.</p><iframe srcdoc='<h2>Inside</h2><p>In it.</p>'></iframe>").text
        == "Outside.\n\nInside\n\nIn it."
    )


def test_signs_stay_what_they_are() -> None:
    text = "−5\u202f000 and 2\u20095, ☒ ½"
    assert read(f"<p>{text}</p>").text == text
    quoted = b'<html><head><meta charset="iso-8859-1"></head><body><p>\x93Quoted\x94 \x96 5 \x80</p></body></html>'
    assert load_bytes(quoted, "x.html").pages[0].text == "“Quoted” – 5 €"
    assert read("<p><ruby>漢字<rt>かんじ</rt></ruby>, <q>so</q></p>").text == "漢字(かんじ), “so”"


def test_a_deep_page_loses_no_words() -> None:
    depth = 600
    assert "innermost" in read("<div>" * depth + "innermost" + "</div>" * depth).text


def test_a_foot_that_says_something_is_text() -> None:
    page = read("<main><h1>Library</h1><p>It lends games.</p></main><footer><p>Open daily, 9:00 to 17:00.</p></footer>")
    assert page.text.endswith("Open daily, 9:00 to 17:00.")


def test_words_that_a_rule_within_others_strikes_out_are_no_text() -> None:
    page = read(
        "<p class=price><b class=was>12 euros</b> 9 euros</p><p><b class=was>7 pens</b></p>",
        "<style>.price > .was, p#x .was {text-decoration: line-through}</style>",
    )
    assert (page.text, left_out(page)) == ("9 euros\n\n7 pens", [("struck", "12 euros", "")])


def test_words_that_a_rule_within_others_hides_are_no_text() -> None:
    page = read(
        "<div class=a><p class=b>Draft</p><p>Final</p></div><p class=c>Old</p><p class=d>Older</p><p class=b>Seen</p>"
        "<p id=x class=y>Secret</p><p id=x>Open</p><ul class=e><li>One</li></ul><div><p id=z>Two</p></div>",
        "<style>.a .b {display:none} .c, .d {visibility:hidden} #x.y {display:none} .e > li {display:none}"
        " body div #z {display: none}</style>",
    )
    assert page.text == "Final\n\nSeen\n\nOpen"
    assert {why for why, _, _ in left_out(page)} == {"hidden"}
    assert " ".join(words for _, words, _ in left_out(page)) == "Draft Old Older Secret One Two"


def test_boxes_made_of_any_tags_do_not_run_together() -> None:
    page = read(
        "<div role=row><i role=cell>Basic</i><i role=cell>5</i></div><b class=line>One</b><b class=line>Two</b>",
        "<style>.line {display: block}</style>",
    )
    assert page.text == "Basic 5\n\nOne\n\nTwo"
