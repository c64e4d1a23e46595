// The list of chats: pinned first, then by date, the archived ones folded. Titles go in through textContent.
// A click opens a chat, which the server draws; searching asks a route of ours, so that nothing is drawn anew for it.

const WAIT = 250; // Milliseconds without a key before words are looked for.

const PHONE = 768; // Pixels of a window up to which Streamlit lays the sidebar over the page.

// On a phone the sidebar covers the chat that was just opened.
const uncover = () => {
  const bar = document.querySelector("[data-testid='stSidebar'][aria-expanded='true'], [data-testid='stSidebar'][data-collapsed='false']");
  if (window.innerWidth <= PHONE) bar?.querySelector("[data-testid='stSidebarCollapseButton'] button")?.click();
};

class Chats {
  constructor(root) {
    this.search = element("input", { type: "search", class: "search" });
    this.search.oninput = () => { clearTimeout(this.waiting); this.waiting = setTimeout(() => this.find(), WAIT); };
    this.note = element("div", { class: "note", role: "status" });
    this.list = element("nav");
    root.replaceChildren(this.search, this.note, this.list);
    this.root = root;
  }

  update(data, send) {
    if (this.data && this.data.current !== data.current) uncover();
    this.data = data;
    this.send = send;
    this.draw();
  }

  async find() {
    const words = this.search.value.trim();
    const path = `${this.data.files}chats/find?words=${encodeURIComponent(words)}`;
    const reply = words ? await fetch(path).catch(() => undefined) : undefined;
    if (words !== this.search.value.trim()) return;
    this.found = words ? new Set(reply?.ok ? (await reply.json()).chats : []) : undefined;
    this.draw();
  }

  act(name, id, title = "") {
    this.menu = this.renaming = undefined;
    this.send("act", { act: name, id, title });
    this.draw();
  }

  draw() {
    const { words, chats, undo } = this.data;
    const key = this.root.getRootNode().activeElement?.dataset?.key;
    this.search.placeholder = words.search;
    this.search.setAttribute("aria-label", words.search);
    this.search.hidden = chats.length < 2;
    this.list.setAttribute("aria-label", words.chats);
    const note = undo ? [element("span", {}, `${words.deleted} ${undo}`),
      element("button", { type: "button", "data-key": "undo", onclick: () => this.act("undo", "") }, words.undo)] : [];
    this.note.replaceChildren(...note);
    this.note.hidden = !undo;
    const shown = chats.filter((chat) => !this.found || this.found.has(chat.id));
    const groups = new Map();
    for (const chat of shown) groups.set(chat.group, [...(groups.get(chat.group) ?? []), chat]);
    const parts = [...groups].map(([name, members]) => this.group(name, members));
    this.list.replaceChildren(...(shown.length || !this.found ? parts : [element("p", { class: "muted" }, words.none)]));
    if (this.renaming) this.list.querySelector(".rename")?.focus();
    else if (key && !this.root.getRootNode().activeElement) this.root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  group(name, members) {
    const items = element("ul", {}, ...members.map((chat) => this.item(chat)));
    if (!members[0].archived) return element("section", {}, element("h2", {}, name), items);
    const folded = element("details", { open: !!this.found || this.archive }, element("summary", {}, `${name} (${members.length})`), items);
    folded.ontoggle = () => { this.archive = folded.open; };
    return folded;
  }

  item(chat) {
    const { words, current } = this.data;
    if (this.renaming === chat.id) return element("li", {}, this.rename(chat));
    const link = element("a", { href: `?chat=${chat.id}`, "data-key": `chat-${chat.id}`, class: "chat", title: chat.title,
      "aria-current": chat.id === current ? "page" : false, onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        this.send("open", chat.id);
      } }, chat.title);
    const open = this.menu === chat.id;
    const more = element("button", { type: "button", class: "more", "data-key": `menu-${chat.id}`, "aria-expanded": String(open), "aria-label": `${words.more} ${chat.title}`,
      onclick: () => { this.menu = open ? undefined : chat.id; this.draw(); } }, "⋯");
    const line = element("li", { class: chat.id === current ? "current" : false }, element("div", { class: "line" }, link, more));
    if (open) line.append(this.acts(chat));
    return line;
  }

  acts(chat) {
    const { words } = this.data;
    const act = (name) => element("button", { type: "button", "data-key": `${name}-${chat.id}`, onclick: () => this.act(name, chat.id) }, words[name]);
    const menu = element("div", { class: "menu", role: "group", "aria-label": `${words.more} ${chat.title}` },
      element("button", { type: "button", "data-key": `rename-${chat.id}`, onclick: () => { this.renaming = chat.id; this.menu = undefined; this.draw(); } }, words.rename),
      chat.archived ? "" : act(chat.pinned ? "unpin" : "pin"), act(chat.archived ? "unarchive" : "archive"), act("delete"));
    menu.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.menu = undefined;
      this.draw();
      this.root.querySelector(`[data-key="menu-${CSS.escape(chat.id)}"]`)?.focus();
    };
    return menu;
  }

  rename(chat) {
    const box = element("input", { class: "rename", value: chat.title, maxlength: 120, "aria-label": this.data.words.rename });
    const end = (save) => {
      if (this.renaming !== chat.id) return;
      this.renaming = undefined;
      const title = box.value.trim();
      if (save && title && title !== chat.title) { chat.title = title; this.act("rename", chat.id, title); }
      else this.draw();
      this.root.querySelector(`[data-key="chat-${CSS.escape(chat.id)}"]`)?.focus();
    };
    box.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      end(event.key === "Enter");
    };
    box.onblur = () => setTimeout(() => { if (!box.isConnected || this.root.getRootNode().activeElement !== box) end(true); });
    setTimeout(() => box.select());
    return box;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".chats");
  root.chats ??= new Chats(root);
  root.chats.update(data, setTriggerValue);
}
