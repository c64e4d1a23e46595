// The source panel: a page of a document with the quoted words marked, beside the answer.
//
// A footnote is opened by the event "footnote:open" {turn, number}, a document by "document:open" {id}, and
// either by the page's address (?turn=…&footnote=…, ?document=…&page=…). Every text goes in through textContent.

const WIDTH = "footnote-panel-width";
const ZOOMS = [1, 1.25, 1.5, 2, 3];
const OURS = ["turn", "footnote", "document", "page"];

const piece = ([text, mark], leftOut) => {
  if (mark === "left_out" && !leftOut) return "";
  const node = document.createElement({ quote: "mark", left_out: "del", unsure: "u" }[mark] ?? "span");
  node.textContent = text;
  return node;
};

const tableOf = (rows) =>
  element("table", {}, ...rows.map((row) =>
    element("tr", { class: row.marked ? "marked" : false }, ...row.cells.map((cell) =>
      element(cell.head ? "th" : "td", { rowspan: cell.row_span, colspan: cell.column_span }, cell.text)))));

// A sheet with the names of its rows and columns.
const gridOf = (grid, name) =>
  element("table", { class: "grid", "aria-label": name },
    element("tr", {}, element("td"), ...grid.columns.map((column) => element("th", { scope: "col" }, column))),
    ...grid.rows.map((row) => element("tr", {}, element("th", { scope: "row" }, row.name), ...row.cells.map((cell) =>
      element("td", { rowspan: cell.down, colspan: cell.across, class: cell.marked ? "cited" : false }, cell.text)))));

const block = (part, leftOut) => {
  if (part.kind === "table") return tableOf(part.rows);
  const pieces = part.pieces.map((each) => piece(each, leftOut));
  if (part.kind === "code") return element("pre", {}, ...pieces);
  if (part.kind === "heading") return element("h3", { class: part.level === 1 ? "top" : false }, ...pieces);
  return pieces.some((node) => node !== "") ? element("p", {}, ...pieces) : "";
};

class Panel {
  constructor(panel) {
    this.panel = panel;
    this.zoom = 0;
    this.asText = this.leftOut = this.strip = false;
    this.seen = { opened: (event) => this.openFootnote(event.detail.turn, event.detail.number, event.detail.from),
      document: (event) => this.openDocument(event.detail.id, 1, "", false, event.detail.from),
      moved: () => this.followAddress(), key: (event) => this.key(event), step: (event) => this.step(event.detail.step) };
    window.addEventListener("footnote:open", this.seen.opened);
    window.addEventListener("document:open", this.seen.document);
    window.addEventListener("popstate", this.seen.moved);
    window.addEventListener("keydown", this.seen.key);
    window.addEventListener("footnote:step", this.seen.step);
    const width = Number(localStorage.getItem(WIDTH));
    if (width) document.documentElement.style.setProperty("--footnote-panel", `${width}px`);
  }

  update(data, trigger) {
    const first = !this.data;
    this.trigger = trigger;
    // A new chat gets its name with its first question, and stays the same.
    const otherChat = !first && this.data.chat && data.chat !== this.data.chat;
    this.data = data;
    if (otherChat) this.close();
    if (data.open && data.open.at !== this.openedAt) {
      this.openedAt = data.open.at;
      this.openDocument(data.open.document, 1);
    } else if (first) this.followAddress();
    else if (this.shown && !otherChat) this.load(this.shown.path, { quiet: true });
    if (this.shown) this.panel.querySelector("footer")?.replaceWith(this.ways(this.shown.source));
  }

  end() {
    window.removeEventListener("footnote:open", this.seen.opened);
    window.removeEventListener("document:open", this.seen.document);
    window.removeEventListener("popstate", this.seen.moved);
    window.removeEventListener("keydown", this.seen.key);
    window.removeEventListener("footnote:step", this.seen.step);
    delete document.documentElement.dataset.source;
  }

  // What is shown, and the page's address.

  followAddress() {
    const given = new URLSearchParams(location.search);
    if (given.get("turn") && given.get("footnote")) this.openFootnote(given.get("turn"), given.get("footnote"));
    else if (given.get("document")) this.openDocument(given.get("document"), given.get("page") ?? 1);
    else this.hide();
  }

  openFootnote(turn, number, from) {
    this.turn = turn;
    this.open(`answers/${encodeURIComponent(turn)}/footnotes/${encodeURIComponent(number)}`, { turn, footnote: number }, from);
  }

  step(by) {
    const { footnote, footnotes } = this.shown?.source ?? {};
    if (footnote + by >= 1 && footnote + by <= footnotes) this.openFootnote(this.turn, footnote + by);
  }

  openDocument(id, number, marked = "", keep = false, from = undefined) {
    const place = { document: id, page: number };
    this.open(`documents/${encodeURIComponent(id)}/view/${encodeURIComponent(number)}`, keep ? {} : place, from, marked);
  }

  open(path, place, from, marked = "") {
    if (from || this.panel.hidden) this.from = from ?? document.activeElement;
    if (Object.keys(place).length) this.remember(place);
    this.load(path + (marked ? `?marked=${marked}` : ""), { focus: this.panel.hidden });
  }

  remember(place) {
    const address = new URL(location.href);
    OURS.forEach((name) => address.searchParams.delete(name));
    Object.entries(place).forEach(([name, value]) => address.searchParams.set(name, value));
    if (address.href === location.href) return;
    // The first one can be left with the back button; those after it are one step with it.
    history[this.panel.hidden && Object.keys(place).length ? "pushState" : "replaceState"](history.state, "", address);
  }

  async load(path, { quiet = false, focus = false } = {}) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const address = `${this.data.files}${path}${path.includes("?") ? "&" : "?"}lang=${this.data.language}`;
    if (!quiet) this.show();
    this.frame?.setAttribute("aria-busy", "true");
    let source;
    try {
      const reply = await fetch(address, { signal: asking.signal });
      source = reply.ok ? await reply.json() : { failed: reply.status === 404 ? this.data.words.gone : this.data.words.failed };
    } catch (error) {
      if (error.name === "AbortError") return;
      source = { failed: this.data.words.failed };
    }
    if (this.panel.hidden && quiet) return;
    const same = quiet && this.shown && JSON.stringify(source) === JSON.stringify(this.shown.source);
    // What was found in one document stands nowhere in another.
    if (source.document !== this.searched) { this.wanted = ""; this.hits = undefined; }
    this.searched = source.document;
    this.shown = { path, source };
    this.announce();
    if (same) this.frame?.setAttribute("aria-busy", "false");
    else this.draw(quiet);
    if (focus) this.panel.querySelector("h2")?.focus();
  }

  show() {
    this.panel.hidden = false;
    document.documentElement.dataset.source = "open";
    if (!this.shown) this.panel.replaceChildren(element("p", { class: "muted" }, this.data.words.loading));
  }

  // Which footnote is shown, for the answers to mark it.
  announce() {
    const detail = { turn: this.turn, number: this.shown?.source.footnote };
    window.dispatchEvent(new CustomEvent("footnote:shown", { detail }));
  }

  hide() {
    this.asking?.abort();
    this.panel.hidden = true;
    this.shown = undefined;
    this.announce();
    delete document.documentElement.dataset.source;
  }

  close() {
    if (this.panel.hidden) return;
    const shown = this.shown?.source.footnote;
    this.hide();
    this.remember({});
    if (this.from?.isConnected) this.from.focus();
    // Drawn anew since: the answer finds it again.
    else if (shown) window.dispatchEvent(new CustomEvent("footnote:closed", { detail: { turn: this.turn, number: shown } }));
  }

  key(event) {
    if (event.key !== "Escape" || this.panel.hidden || event.defaultPrevented) return;
    if (!document.querySelector('[aria-modal="true"]')) this.close();
  }

  // Drawing.

  draw(keepPlace) {
    const { source } = this.shown;
    const at = keepPlace ? this.frame?.scrollTop : undefined;
    this.panel.setAttribute("aria-label", source.name ?? source.failed);
    this.panel.replaceChildren(this.edge(), this.head(source), this.bar(source), this.search(source), this.main(source), this.ways(source));
    if (at !== undefined) this.frame.scrollTop = at;
    else this.scroll();
  }

  button(act, text, onclick, { disabled = false, pressed, label } = {}) {
    return element("button", { type: "button", "data-act": act, title: label ?? text, "aria-label": label ?? text,
      "aria-pressed": pressed === undefined ? false : String(pressed), disabled, onclick }, text);
  }

  head(source) {
    const { words } = this.data;
    const report = source.unread || source.ocr || source.left_out && !source.picture || this.asText ? source.report : "";
    const said = [source.section, report].filter(Boolean).map((text) => element("p", { class: "muted" }, text));
    return element("header", {}, element("div", {}, element("h2", { tabindex: "-1" }, source.name ?? ""), ...said),
      this.button("close", "✕", () => this.close(), { label: words.close }));
  }

  bar(source) {
    const { words } = this.data;
    const bar = element("div", { class: "bar" });
    if (source.footnotes > 1) {
      bar.append(element("span", { class: "group" },
        this.button("previous-note", "‹", () => this.step(-1), { disabled: source.footnote <= 1, label: words.previous_note }),
        element("span", {}, `${words.note} ${source.footnote} ${words.of} ${source.footnotes}`),
        this.button("next-note", "›", () => this.step(1), { disabled: source.footnote >= source.footnotes, label: words.next_note })));
    }
    if (!source.document) return bar;
    if (source.count > 1) {
      const box = element("input", { class: "number", inputmode: "numeric", "aria-label": words.page, value: source.number });
      box.onchange = () => this.turnTo(Number.parseInt(box.value, 10));
      bar.append(element("span", { class: "group" },
        this.button("previous", "‹", () => this.turnTo(source.number - 1), { disabled: source.number <= 1, label: words.previous }),
        box, element("span", {}, `${words.of} ${source.count}`),
        this.button("next", "›", () => this.turnTo(source.number + 1), { disabled: source.number >= source.count, label: words.next })));
    }
    if (source.picture && !this.asText) {
      const zoom = (to) => { this.zoom = Math.max(0, Math.min(ZOOMS.length - 1, to)); this.draw(true); };
      bar.append(element("span", { class: "group" },
        this.button("out", "−", () => zoom(this.zoom - 1), { disabled: this.zoom === 0, label: words.zoom_out }),
        this.button("in", "+", () => zoom(this.zoom + 1), { disabled: this.zoom === ZOOMS.length - 1, label: words.zoom_in }),
        this.button("fit", words.fit, () => zoom(0))));
    }
    return bar;
  }

  turnTo(number) {
    const { source } = this.shown;
    if (!(number >= 1)) return;
    if (this.quoted?.document === source.document && this.quoted.number === number) return this.load(this.quoted.path);
    this.openDocument(source.document, Math.min(number, source.count), "", true);
  }

  search(source) {
    if (source.footnote) this.quoted = { document: source.document, number: source.number, path: this.shown.path };
    const form = element("form", { class: "bar", role: "search" });
    if (!source.document) return form;
    const { words } = this.data;
    const box = element("input", { class: "words", type: "search", placeholder: words.find, "aria-label": words.find, value: this.wanted ?? "" });
    const hits = element("div", { class: "hits", role: "status", hidden: !this.hits });
    if (this.hits) this.drawHits(hits, source);
    box.oninput = () => { if (!box.value) { this.wanted = ""; this.hits = undefined; hits.hidden = true; } };
    form.onsubmit = async (event) => {
      event.preventDefault();
      this.wanted = box.value;
      const path = `${this.data.files}documents/${source.document}/find?words=${encodeURIComponent(box.value)}&lang=${this.data.language}`;
      const reply = await fetch(path).catch(() => undefined);
      if (this.searched !== source.document) return;
      this.hits = reply?.ok ? await reply.json() : { said: words.failed, hits: [] };
      this.drawHits(hits, source);
      hits.hidden = false;
    };
    form.append(box, element("span", { class: "muted" }, source.place));
    return element("div", {}, form, hits);
  }

  drawHits(list, source) {
    list.replaceChildren(element("p", { class: "muted" }, this.hits.said), ...this.hits.hits.map((hit) =>
      element("button", { type: "button", onclick: () => this.openDocument(source.document, hit.page, `${hit.start}-${hit.end}`, true) },
        element("span", { class: "muted" }, `${hit.label}  `), hit.before, element("mark", {}, hit.words), hit.after)));
  }

  main(source) {
    this.frame = element("div", { class: "frame", tabindex: "0", "aria-busy": "false" });
    const main = element("div", { class: "main" });
    if (this.strip && source.picture && source.count > 1) main.append(this.pages(source));
    main.append(this.frame);
    if (source.failed) this.frame.append(element("p", { class: "text" }, source.failed));
    else if (source.gone) this.frame.append(element("div", { class: "text" }, element("p", {}, source.gone), element("blockquote", { class: "gone" }, source.quote)));
    else if (source.picture && !this.asText) {
      const picture = element("img", { src: source.picture, alt: source.place || source.name, style: `width:${100 * ZOOMS[this.zoom]}%` });
      picture.onload = () => this.scroll();
      this.frame.append(picture);
    } else if (source.grid) {
      const left = this.leftOut ? source.blocks.flatMap((part) => part.pieces.filter(([, mark]) => mark === "left_out")) : [];
      this.frame.append(gridOf(source.grid, source.place), ...left.map((each) => element("p", { class: "text" }, piece(each, true))));
    } else {
      const note = source.note ? element("p", { class: "muted" }, source.note) : "";
      this.frame.append(element("div", { class: "text" }, note, ...source.blocks.map((part) => block(part, this.leftOut))));
    }
    return main;
  }

  pages(source) {
    const base = `${this.data.files}documents/${source.document}/pages/`;
    return element("nav", { class: "pages", "aria-label": this.data.words.pages }, ...Array.from({ length: source.count }, (_, i) =>
      element("button", { type: "button", "aria-current": i + 1 === source.number ? "page" : false, onclick: () => this.turnTo(i + 1) },
        element("img", { src: `${base}${i + 1}?small`, alt: "", loading: "lazy" }), String(i + 1))));
  }

  ways(source) {
    const { words } = this.data;
    const footer = element("footer");
    if (this.data.pick && source.document) footer.append(element("button", { type: "button", class: "link pick", "data-act": "right-place", onmousedown: (event) => event.preventDefault(), onclick: () => this.place(source) }, words.right_place));
    const toggle = (name, text) => this.button(name, text, () => { this[name] = !this[name]; this.draw(false); }, { pressed: this[name] });
    if (source.picture) footer.append(toggle("asText", words.read));
    if (source.left_out && (this.asText || !source.picture)) footer.append(toggle("leftOut", words.left_out));
    if (source.picture && source.count > 1) footer.append(toggle("strip", words.pages));
    if (source.original) footer.append(element("a", { class: "link", href: source.original }, words.download));
    if (source.visit) footer.append(element("a", { class: "link", href: source.visit, target: "_blank", rel: "noopener noreferrer" }, words.visit));
    return footer;
  }

  // The right place of an answer that was wrong: the words selected here, or marked, or the page.
  place(source) {
    const root = this.panel.getRootNode();
    const words = String((root.getSelection?.() ?? document.getSelection()) ?? "").trim();
    this.trigger("place", { turn: this.data.pick, document: source.document, page: source.number, words: words.slice(0, 2000), marked: source.marked });
  }

  scroll() {
    const mark = this.frame.querySelector("mark, tr.marked, .cited"), picture = this.frame.querySelector(":scope > img");
    const third = this.frame.clientHeight / 3;
    const top = mark ? mark.getBoundingClientRect().top - this.frame.getBoundingClientRect().top + this.frame.scrollTop
      : picture ? picture.clientHeight * this.shown.source.at : 0;
    this.frame.scrollTop = Math.max(0, top - third);
    if (mark?.className === "cited") this.frame.scrollLeft = Math.max(0, mark.offsetLeft - this.frame.clientWidth / 3);
    this.panel.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  edge() {
    const edge = element("div", { class: "edge", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": this.data.words.width,
      "aria-valuemin": "280", "aria-valuemax": String(Math.round(innerWidth * 0.7)), "aria-valuenow": String(Math.round(this.panel.clientWidth)) });
    const set = (width) => {
      const wide = Math.round(Math.max(280, Math.min(innerWidth * 0.7, width)));
      localStorage.setItem(WIDTH, String(wide));
      edge.setAttribute("aria-valuenow", String(wide));
      document.documentElement.style.setProperty("--footnote-panel", `${wide}px`);
    };
    edge.onpointerdown = (event) => edge.setPointerCapture(event.pointerId);
    edge.onpointermove = (event) => { if (edge.hasPointerCapture(event.pointerId)) set(innerWidth - event.clientX); };
    edge.onkeydown = (event) => {
      const by = { ArrowLeft: 32, ArrowRight: -32 }[event.key];
      if (by) set(this.panel.clientWidth + by);
    };
    return edge;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const panel = parentElement.querySelector(".panel");
  panel.source ??= new Panel(panel);
  panel.source.update(data, setTriggerValue);
  // Called before each update too: the panel ends only where it is taken from the page.
  return () => setTimeout(() => { if (!panel.isConnected) panel.source.end(); });
}
