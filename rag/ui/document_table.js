// The table of a collection's documents. The server sorts, filters and cuts it; ticks, details and the way to a document
// stay in the browser. Every text goes in through textContent.

const MOST = 1000; // Ticked by hand; the message that names them stays short.
const WAIT = 250; // Milliseconds without a key before words are looked for.

class Table {
  constructor(root) {
    this.root = root;
    this.ticked = new Set();
    this.all = false;
    this.open = new Map();
    this.search = element("input", { type: "search", class: "search", "data-key": "search" });
    this.search.oninput = () => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.view({ words: this.search.value, start: 0 }), WAIT);
    };
    this.sorting = element("select", { class: "sorting" });
    this.sorting.onchange = () => {
      const [sort, way] = this.sorting.value.split(" ");
      this.view({ sort, descending: way === "down", start: 0 });
    };
    this.said = element("p", { class: "muted said", role: "status" });
    this.acts = element("div", { class: "acts", role: "group" });
    this.table = element("table");
    this.pager = element("nav", { class: "pager" });
    root.replaceChildren(
      element("div", { class: "head" }, this.search, this.sorting), this.acts,
      element("div", { class: "line" }, this.said), this.table, this.pager);
  }

  update(data, send) {
    const first = !this.data;
    if (!first && (data.cleared !== this.data.cleared || data.collection !== this.data.collection)) this.clear();
    if (first || data.collection !== this.data.collection) this.search.value = data.searched;
    this.data = data;
    this.send = send;
    this.draw();
  }

  view(change) {
    const { sort, descending, start } = this.data;
    if (change.words !== undefined) this.all = false;
    this.root.setAttribute("aria-busy", "true");
    this.send("view", { words: this.search.value, sort, descending, start, ...change });
  }

  act(name) {
    this.send("act", { act: name, all: this.all, ids: this.all ? "" : [...this.ticked].join(" ") });
  }

  clear() {
    this.ticked.clear();
    this.all = false;
  }

  tick(ids, on) {
    this.all = false;
    for (const id of ids) {
      if (!on) this.ticked.delete(id);
      else if (this.ticked.size < MOST) this.ticked.add(id);
    }
    this.draw();
  }

  // What had the focus has it again after drawing, if it is still there.
  draw() {
    const key = this.root.getRootNode().activeElement?.dataset?.key;
    const { words, total } = this.data;
    this.root.setAttribute("aria-busy", "false");
    this.search.placeholder = words.search;
    this.search.setAttribute("aria-label", words.search);
    this.sorting.setAttribute("aria-label", words.sort);
    this.said.textContent = this.data.said;
    this.drawSorting();
    this.drawActs();
    this.table.hidden = !total;
    this.table.setAttribute("aria-label", words.table);
    this.table.replaceChildren(this.heads(), element("tbody", {}, ...this.data.rows.flatMap((row) => this.row(row))));
    this.drawPager();
    if (key && !this.root.getRootNode().activeElement) this.root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  drawSorting() {
    const { columns, words, sort, descending } = this.data;
    const choices = columns.filter(([key]) => key).flatMap(([key, name]) =>
      [["up", words.up], ["down", words.down]].map(([way, said]) =>
        element("option", { value: `${key} ${way}`, selected: key === sort && (way === "down") === descending }, `${name} ${said}`)));
    this.sorting.replaceChildren(...choices);
  }

  heads() {
    const { may, rows, columns, sort, descending, words } = this.data;
    const line = element("tr");
    if (may) {
      const every = rows.every((row) => this.isTicked(row.id));
      line.append(element("td", { class: "tick" }, this.box("all", words.tick_page, every, (on) => this.tick(rows.map((row) => row.id), on))));
    }
    for (const [key, name, kind] of columns) {
      const sorted = key === sort;
      const head = element("th", { scope: "col", class: kind, "aria-sort": !sorted ? false : descending ? "descending" : "ascending" });
      head.append(!key ? name : element("button", { type: "button", class: "sort", "data-key": `sort-${key}`,
        onclick: () => this.view({ sort: key, descending: sorted && !descending, start: 0 }) },
        name, element("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (descending ? "↓" : "↑") : "")));
      line.append(head);
    }
    line.append(element("td", { class: "more" }));
    return element("thead", {}, line);
  }

  isTicked(id) {
    return this.all || this.ticked.has(id);
  }

  box(key, name, on, change) {
    const box = element("input", { type: "checkbox", "aria-label": name, "data-key": `tick-${key}` });
    box.checked = on;
    box.onchange = () => change(box.checked);
    return element("label", { class: "box" }, box);
  }

  row(row) {
    const { may, words } = this.data;
    const open = this.open.get(row.id);
    const line = element("tr", { class: this.isTicked(row.id) ? "ticked" : false, "data-document": row.id });
    if (may) line.append(element("td", { class: "tick" }, this.box(row.id, `${words.tick} ${row.name}`, this.isTicked(row.id), (on) => this.tick([row.id], on))));
    const name = element("button", { type: "button", class: "name", "data-key": `open-${row.id}`, title: row.full, onclick: (event) =>
      window.dispatchEvent(new CustomEvent("document:open", { detail: { id: row.id, from: event.currentTarget } })) }, row.name);
    const below = [row.folder ? element("span", { class: "where" }, row.folder) : "",
      element("span", { class: "where meta" }, row.meta), row.state ? element("span", { class: `state ${row.mark}` }, row.state) : "",
      ...row.tags.map((tag) => element("span", { class: "tag" }, tag))];
    line.append(element("td", { class: "main" }, name, below.some(Boolean) ? element("div", { class: "below" }, ...below) : ""));
    for (const [value, kind] of row.cells) line.append(element("td", { class: kind }, value));
    line.append(element("td", { class: "more" }, element("button", { type: "button", "data-key": `more-${row.id}`, "aria-expanded": String(!!open),
      "aria-label": `${words.details} ${row.name}`, title: words.details, onclick: () => this.toggle(row.id) }, open ? "▾" : "▸")));
    if (!open) return [line];
    const width = line.children.length;
    const lines = open === true ? [words.loading] : open;
    return [line, element("tr", { class: "report" }, element("td", { colspan: width }, ...lines.map((text) => element("p", {}, text))))];
  }

  async toggle(id) {
    if (this.open.delete(id)) return this.draw();
    this.open.set(id, true);
    this.draw();
    const reply = await fetch(`${this.data.files}documents/${encodeURIComponent(id)}/report?lang=${this.data.language}`).catch(() => undefined);
    if (!this.open.has(id)) return;
    this.open.set(id, reply?.ok ? (await reply.json()).lines : [this.data.words.gone]);
    this.draw();
  }

  drawActs() {
    const { may, words, total, rows } = this.data;
    const count = this.all ? total : this.ticked.size;
    this.acts.hidden = !may || !count;
    this.acts.setAttribute("aria-label", words.acts);
    if (this.acts.hidden) return this.acts.replaceChildren();
    const act = (name, kind) => element("button", { type: "button", class: kind ?? "act", "data-key": `act-${name}`, onclick: () => this.act(name) }, words[name]);
    const more = !this.all && total > rows.length && rows.every((row) => this.ticked.has(row.id));
    this.acts.replaceChildren(
      element("span", { class: "count" }, `${words.chosen} ${count}`),
      more ? element("button", { type: "button", class: "link", "data-key": "every", onclick: () => { this.all = true; this.draw(); } }, `${words.tick_all} (${total})`) : "",
      act("tag"), act("move"), act("again"), act("ocr"), act("delete", "act danger"),
      element("button", { type: "button", class: "link", "data-key": "clear", onclick: () => { this.clear(); this.draw(); } }, words.clear));
  }

  drawPager() {
    const { start, count, total, words } = this.data;
    this.pager.hidden = total <= count;
    this.pager.setAttribute("aria-label", words.pages);
    if (this.pager.hidden) return this.pager.replaceChildren();
    const go = (key, text, to, off) => element("button", { type: "button", class: "act", "data-key": `page-${key}`, disabled: off, onclick: () => this.view({ start: to }) }, text);
    this.pager.replaceChildren(
      go("previous", words.previous, Math.max(0, start - count), start === 0),
      element("span", { class: "muted" }, `${start + 1}–${Math.min(start + count, total)} / ${total}`),
      go("next", words.next, start + count, start + count >= total));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".documents");
  root.table ??= new Table(root);
  root.table.update(data, setTriggerValue);
}
