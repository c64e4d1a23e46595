// Draws one answer: the written sentences with their footnotes and the quotes as cards, whichever leads first.
// Every text goes in through textContent, so that nothing a document or a model says can
// become markup, a picture or a link.

// Where the figures of a stage begin: "The model is reading the quotes: 12 %".
const FIGURES = /[:：]/;

const worded = (tag, className, text) => element(tag, { class: className || false }, text);

// A button that keeps the focus, by its name, when the answer is drawn anew.
const button = (className, name, onclick) => {
  const node = worded("button", className);
  node.type = "button";
  node.dataset.name = name;
  node.onclick = onclick;
  return node;
};

// The one place of the page that a screen reader is told from: each stage of the answer being written, once.
const tell = (said) => {
  let region = document.getElementById("footnote-status");
  if (!region) {
    region = worded("div");
    region.id = "footnote-status";
    region.setAttribute("role", "status");
    region.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
    document.body.append(region);
  }
  if (region.textContent !== said) region.textContent = said;
};

// A footnote; pointed at or reached by keyboard, it shows its quote without opening it.
const footnote = (number, label, quote, name, open) => {
  const note = button("note", name, () => open(number, note));
  note.dataset.number = number;
  note.setAttribute("aria-label", label);
  note.append(worded("span", "figure", String(number)));
  if (!quote) return note;
  const preview = worded("span", "preview");
  preview.setAttribute("role", "tooltip");
  preview.append(worded("span", "words", quote.text), worded("span", "where", [quote.name, quote.place].filter(Boolean).join(", ")));
  const holder = worded("span", "holder");
  holder.append(note, preview);
  return holder;
};

// Rows of a table below their heads; of several, each behind its footnote.
const tableRows = (heads, rows) => {
  const line = (tag, texts, before) => {
    const row = worded("tr");
    row.append(...(before ? [before] : []), ...texts.map((text) => worded(tag, "", text)));
    return row;
  };
  const several = rows.length > 1;
  const table = worded("table", "row");
  table.append(line("th", heads, several && worded("td")));
  for (const { number, cells, note } of rows) {
    const cell = worded("td");
    if (several) cell.append(note);
    const row = line("td", cells, several && cell);
    if (several) row.dataset.number = number;
    table.append(row);
  }
  const scrolled = worded("div", "scrolled");
  scrolled.append(table);
  // Where there is something to scroll it is reached by keyboard, and the arrows scroll it.
  new ResizeObserver(() => {
    if (scrolled.scrollWidth > scrolled.clientWidth) scrolled.tabIndex = 0;
    else scrolled.removeAttribute("tabindex");
  }).observe(scrolled);
  return scrolled;
};

// What opens the place of a quote: its number, and where there is room for them its document and place.
const placeButton = (quote, open, ...parts) => {
  const place = button("place", `place-${quote.number}`, () => open(quote.number, place));
  place.setAttribute("aria-label", quote.open);
  place.append(worded("span", "number", String(quote.number)), ...parts);
  return place;
};

const card = (words, caption, note) => {
  const figure = worded("figure", "quote"), said = worded("blockquote"), below = worded("figcaption");
  said.append(...words);
  below.append(...caption);
  if (note) below.append(worded("span", "changed", note));
  figure.append(said, below);
  return figure;
};

const quoteCard = (quote, open) => {
  const words = quote.row ? [tableRows(quote.row[0], [{ cells: quote.row[1] }])] : [worded("span", "words", quote.text)];
  if (quote.head && !quote.row) words.unshift(worded("div", "head", quote.head));
  const parts = [worded("span", "name", quote.name)];
  if (quote.place) parts.push(worded("span", "where", quote.place));
  const figure = card(words, [placeButton(quote, open, ...parts)], quote.note);
  figure.dataset.number = quote.number;
  return figure;
};

// Rows of one table as one card. Below it stands what their places have in common: "page 3 · Fees".
const rowsCard = (quotes, open) => {
  const [first] = quotes, places = quotes.map((quote) => quote.place.split(" · "));
  const rows = quotes.map((quote) => ({ number: quote.number, cells: quote.row[1], note: placeButton(quote, open) }));
  const shared = places[0].filter((part) => places.every((parts) => parts.includes(part))).join(" · ");
  return card([tableRows(first.row[0], rows)], [worded("span", "name", first.name), worded("span", "where", shared)], first.note);
};

// Neighbours that are rows of one table stand together.
const cardsOf = (quotes, open) => {
  const groups = [];
  for (const quote of quotes) {
    const last = groups.at(-1)?.at(-1);
    if (quote.table && last?.table === quote.table) groups.at(-1).push(quote);
    else groups.push([quote]);
  }
  return groups.map((group) => (group.length > 1 ? rowsCard(group, open) : quoteCard(group[0], open)));
};

// The words that nothing supports are marked inside the sentence; why, a click away.
const marked = (node, text, marks) => {
  let at = 0;
  for (const [start, end] of marks) {
    node.append(text.slice(at, start), worded("mark", "", text.slice(start, end)));
    at = end;
  }
  node.append(text.slice(at));
  return node;
};

// What the verdict rests on: the reason, or the words of the documents.
const grounds = (part, data) => {
  const node = worded("span", "why");
  if (part.why) node.append(worded("span", "reason", part.why));
  const quotes = part.notes.map((number) => data.quotes[number - 1]).filter(Boolean);
  if (!part.why && quotes.length) node.append(worded("span", "reason", data.labels.rests));
  for (const quote of quotes) node.append(worded("q", "words", quote.text));
  return node;
};

const sentence = (part, name, data, root, open) => {
  const end = part.text.trimEnd().length;
  const marks = part.marks.filter(([start]) => start < end).map(([start, last]) => [start, Math.min(last, end)]);
  const node = marked(worded("span", `sentence ${part.verdict}`), part.text.slice(0, end), marks);
  const after = part.notes.map((number) => footnote(number, data.labels.notes[number - 1], data.quotes[number - 1], `${name}-note-${number}`, open));
  if (part.verdict !== "no_claim") {
    const why = grounds(part, data);
    if (why.childNodes.length) {
      const chip = button(`chip ${part.verdict}`, `${name}-verdict`, () => show(!root.opened.has(name)));
      chip.append(worded("span", "said", part.said));
      const show = (shown) => {
        root.opened[shown ? "add" : "delete"](name);
        chip.setAttribute("aria-expanded", String(shown));
        why.hidden = !shown;
      };
      show(root.opened.has(name));
      after.push(chip, why);
    } else {
      const chip = worded("span", `chip ${part.verdict}`);
      chip.append(worded("span", "said", part.said));
      after.push(chip);
    }
  }
  return [node, ...after, part.text.slice(end) || " "];
};

const folding = (root, className, title, children, open = false) => {
  const details = worded("details", className);
  details.open = root.querySelector(`details.${className}`)?.open ?? open;
  const summary = worded("summary", "", title);
  summary.dataset.name = className;
  details.append(summary, ...children);
  return details;
};

const written = (root, data, open) => {
  if (!data.plain && !data.sentences.length) return [];
  const text = worded("p", data.plain ? "written open" : "written", data.plain || undefined);
  text.append(...data.sentences.flatMap((part, i) => sentence(part, `kept-${i}`, data, root, open)));
  if (data.weak) return [folding(root, "weak", data.labels.written, [text])];
  return [worded("h2", "", data.labels.written), text];
};

const unsupported = (root, data, open) => {
  if (!data.folded.length) return [];
  return [folding(root, "folded", data.labels.folded, data.folded.map((part, i) => {
    const line = worded("p", "unsupported");
    line.append(...sentence(part, `folded-${i}`, data, root, open));
    return line;
  }))];
};

const quoted = (root, data, open) => {
  if (!data.quotes.length) return [];
  const [shown, more] = [false, true].map((folded) => data.quotes.filter((quote) => data.more.includes(quote.number) === folded));
  const parts = [worded("h2", "", data.labels.quotes), ...cardsOf(shown, open)];
  if (more.length) parts.push(folding(root, "more", data.labels.more, cardsOf(more, open)));
  return parts;
};

// Copies rich text with the plain one beside it. The command works in every browser, also without HTTPS.
const copy = ({ html, text }, said) => {
  const put = (event) => {
    event.clipboardData.setData("text/html", html);
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("copy", put, { capture: true, once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", put, { capture: true });
  tell(said);
};

const draw = (root, data, open) => {
  const parts = [];
  if (data.notice) {
    const notice = worded("div", "notice");
    notice.append(worded("strong", "", data.notice.title), worded("span", "", data.notice.text));
    parts.push(notice);
  }
  const words = [...written(root, data, open)];
  if (data.labels.counted) words.push(worded("p", "counted", data.labels.counted));
  words.push(...unsupported(root, data, open));
  if (data.remark) words.push(worded("p", "remark", data.remark));
  parts.push(...(data.leads ? [...words, ...quoted(root, data, open)] : [...quoted(root, data, open), ...words]));
  if (data.status) parts.push(worded("p", "status", data.status));
  if (data.copy && (data.quotes.length || data.sentences.length || data.plain)) {
    const way = button("copy", "copy", () => {
      copy(data.copy, data.labels.copied);
      way.textContent = data.labels.copied;
    });
    way.textContent = data.labels.copy;
    parts.push(way);
  }
  root.replaceChildren(...parts);
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".answer");
  root.opened ??= new Set();
  const open = (number, from) =>
    window.dispatchEvent(new CustomEvent("footnote:open", { detail: { turn: data.turn, number, from } }));
  const focused = root.getRootNode().activeElement?.dataset?.name;
  draw(root, data, open);
  const named = (name) => [...root.querySelectorAll("[data-name]")].find((node) => node.dataset.name === name);
  if (focused) named(focused)?.focus({ preventScroll: true });
  // Stages without their figures, so that each is said once; the end, where it was seen being written.
  if (data.status) {
    window.footnoteWritten = data.turn;
    tell(data.status.split(FIGURES)[0]);
  } else if (window.footnoteWritten === data.turn) {
    window.footnoteWritten = undefined;
    tell([data.labels.ready, data.notice?.title, data.labels.counted].filter(Boolean).join(" "));
  }
  // The panel tells which footnote it shows; its marks here are drawn so, however often the answer is drawn anew.
  const mark = () => root.querySelectorAll("[data-number]").forEach((node) =>
    node.classList.toggle("shown", root.shown === Number(node.dataset.number)));
  root.listening ??= (event) => {
    root.shown = event.detail.turn === root.turn ? event.detail.number : undefined;
    root.mark();
  };
  // Closed, it gives the focus back to a footnote that was drawn anew meanwhile.
  root.returning ??= (event) => {
    if (event.detail.turn === root.turn) root.querySelector(`button[data-number="${Number(event.detail.number)}"], [data-number="${Number(event.detail.number)}"] button`)?.focus();
  };
  root.turn = data.turn;
  root.mark = mark;
  window.addEventListener("footnote:shown", root.listening);
  window.addEventListener("footnote:closed", root.returning);
  mark();
  return () => setTimeout(() => {
    if (root.isConnected) return;
    window.removeEventListener("footnote:shown", root.listening);
    window.removeEventListener("footnote:closed", root.returning);
  });
}
