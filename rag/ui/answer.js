// Draws one answer: quotes as cards, then the written sentences with their footnotes.
// Every text goes in through textContent, so that nothing a document or a model says can
// become markup, a picture or a link.

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

// A footnote; pointed at or reached by keyboard, it shows its quote without opening it.
const footnote = (number, label, quote, open) => {
  const button = element("button", "note", String(number));
  button.type = "button";
  button.dataset.number = number;
  button.setAttribute("aria-label", label);
  button.onclick = () => open(number, button);
  if (!quote) return button;
  const preview = element("span", "preview");
  preview.setAttribute("role", "tooltip");
  preview.append(element("span", "words", quote.text), element("span", "where", [quote.name, quote.place].filter(Boolean).join(", ")));
  const holder = element("span", "holder");
  holder.append(button, preview);
  return holder;
};

const quoteCard = (quote, open) => {
  const card = element("figure", "quote");
  card.dataset.number = quote.number;
  const words = element("blockquote");
  if (quote.head) words.append(element("div", "head", quote.head));
  words.append(element("span", "words", quote.text));
  const place = element("button", "place");
  place.type = "button";
  place.setAttribute("aria-label", quote.open);
  place.append(element("span", "number", String(quote.number)), element("span", "name", quote.name));
  if (quote.place) place.append(element("span", "where", quote.place));
  place.onclick = () => open(quote.number, place);
  const caption = element("figcaption");
  caption.append(place);
  if (quote.note) caption.append(element("span", "changed", quote.note));
  card.append(words, caption);
  return card;
};

// The words that nothing bears out are marked inside the sentence; why, a click away.
const marked = (node, text, marks) => {
  let at = 0;
  for (const [start, end] of marks) {
    node.append(text.slice(at, start), element("mark", "", text.slice(start, end)));
    at = end;
  }
  node.append(text.slice(at));
  return node;
};

const sentence = (part, labels, quotes, open) => {
  const end = part.text.trimEnd().length;
  const marks = part.marks.filter(([start]) => start < end).map(([start, last]) => [start, Math.min(last, end)]);
  const node = marked(element("span", `sentence ${part.verdict}`), part.text.slice(0, end), marks);
  node.title = [part.said, part.why].filter(Boolean).join(" · ");
  const notes = part.notes.map((number) => footnote(number, labels.notes[number - 1], quotes[number - 1], open));
  if (part.why) {
    const reason = element("span", "why", `${part.said}. ${part.why}`);
    reason.hidden = part.verdict !== "unsupported";
    const ask = element("button", "note ask", "?");
    ask.type = "button";
    ask.setAttribute("aria-label", `${part.said}: ${part.why}`);
    ask.onclick = () => (reason.hidden = !reason.hidden);
    notes.push(...(part.verdict === "unsupported" ? [] : [ask]), reason);
  }
  return [node, ...notes, part.text.slice(end) || " "];
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".answer");
  const open = (number, from) =>
    window.dispatchEvent(new CustomEvent("footnote:open", { detail: { turn: data.turn, number, from } }));
  const folded = root.querySelector("details.folded")?.open ?? false;
  const parts = [];
  if (data.notice) {
    const notice = element("div", "notice");
    notice.append(element("strong", "", data.notice.title), element("span", "", data.notice.text));
    parts.push(notice);
  }
  const written = [];
  if (data.plain || data.sentences.length) {
    written.push(element("h4", "", data.labels.written));
    const text = element("p", data.plain ? "written open" : "written", data.plain || undefined);
    text.append(...data.sentences.flatMap((part) => sentence(part, data.labels, data.quotes, open)));
    written.push(text);
    if (data.labels.counted) written.push(element("p", "counted", data.labels.counted));
  }
  if (data.first) parts.push(...written);
  if (data.quotes.length) {
    parts.push(element("h4", "", data.labels.quotes));
    const cards = data.quotes.map((quote) => [data.more.includes(quote.number), quoteCard(quote, open)]);
    parts.push(...cards.filter(([more]) => !more).map(([, card]) => card));
    if (data.more.length) {
      const more = element("details", "more");
      more.open = root.querySelector("details.more")?.open ?? false;
      more.append(element("summary", "", data.labels.more), ...cards.filter(([more]) => more).map(([, card]) => card));
      parts.push(more);
    }
  }
  if (!data.first) parts.push(...written);
  if (data.folded.length) {
    const details = element("details", "folded");
    details.open = folded;
    details.append(element("summary", "", data.labels.folded));
    for (const part of data.folded) {
      const line = element("p", "unsupported");
      line.append(...sentence(part, data.labels, data.quotes, open));
      details.append(line);
    }
    parts.push(details);
  }
  if (data.remark) parts.push(element("p", "remark", data.remark));
  if (data.status) parts.push(element("p", "status", data.status));
  root.replaceChildren(...parts);
  // The panel tells which footnote it shows; its marks here are drawn so, however often the answer is drawn anew.
  const mark = () => root.querySelectorAll("[data-number]").forEach((node) =>
    node.classList.toggle("shown", root.shown === Number(node.dataset.number)));
  root.listening ??= (event) => {
    root.shown = event.detail.turn === data.turn ? event.detail.number : undefined;
    root.mark();
  };
  root.mark = mark;
  window.addEventListener("footnote:shown", root.listening);
  mark();
  return () => setTimeout(() => { if (!root.isConnected) window.removeEventListener("footnote:shown", root.listening); });
}
