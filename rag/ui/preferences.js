// Theme, text size and keys of the pages. What is chosen stays in this browser; no script of the page runs for it.

const SIZE = "footnote-text-size";
const KEYS = "footnote-keys-off";
const SIZES = { normal: 100, large: 115, larger: 130, largest: 160 };
// Streamlit keeps the theme of each page under such a name.
const theme = (path) => `stActiveTheme-${path}-v2`;
const BOX = '[data-testid="stChatInputTextArea"]';

const resize = (size) => {
  document.documentElement.style.fontSize = SIZES[size] && size !== "normal" ? `${SIZES[size]}%` : "";
};

const chosen = (stored, names) => {
  try {
    return names.find((name) => JSON.stringify(name) === stored) ?? names[0];
  } catch {
    return names[0];
  }
};

const choices = (legend, group, names, words, now, choose) =>
  element("fieldset", {}, element("legend", {}, legend), ...names.map((name, i) =>
    element("label", {}, element("input", { type: "radio", name: group, value: name, checked: name === now, onchange: () => choose(name) }), words[i])));

const list = (words) => {
  const dialog = element("dialog", { "aria-labelledby": "footnote-keys" });
  const rows = [["/", words.key_ask], ["[", words.key_previous], ["]", words.key_next], ["Esc", words.key_close], ["?", words.key_list]];
  dialog.append(element("h2", { id: "footnote-keys" }, words.keys_title),
    element("dl", {}, ...rows.flatMap(([key, said]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, said)])),
    element("button", { type: "button", onclick: () => dialog.close() }, words.done));
  return dialog;
};

const typing = (event) => {
  const target = event.composedPath()[0];
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
};

const keys = (root) => (event) => {
  if (localStorage.getItem(KEYS) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event)) return;
  const step = { "[": -1, "]": 1 }[event.key];
  if (event.key === "?") root.list.showModal();
  else if (event.key === "/") document.querySelector(BOX)?.focus();
  else if (step) window.dispatchEvent(new CustomEvent("footnote:step", { detail: { step } }));
  else return;
  event.preventDefault();
};

// The cursor waits in the box where there is a keyboard, once a page, and only where nothing else was chosen.
const wait = () => {
  if (window.footnoteBox === location.pathname || !matchMedia("(pointer: fine)").matches) return;
  window.footnoteBox = location.pathname;
  let tries = 40;
  const look = () => {
    const box = document.querySelector(BOX);
    if (document.activeElement !== document.body || document.documentElement.dataset.source) return;
    if (box) box.focus({ preventScroll: true });
    else if (tries--) setTimeout(look, 250);
  };
  look();
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".preferences");
  const { words, paths } = data;
  const size = localStorage.getItem(SIZE) ?? "normal";
  resize(size);
  const open = root.querySelector("details")?.open ?? false;
  const now = chosen(localStorage.getItem(theme(location.pathname)), ["System", "Light", "Dark"]);
  const details = element("details", { open }, element("summary", {}, words.title),
    choices(words.theme, "theme", ["System", "Light", "Dark"], [words.system, words.light, words.dark], now, (name) => {
      for (const path of new Set([...paths, location.pathname])) localStorage.setItem(theme(path), JSON.stringify(name));
      location.reload();
    }),
    choices(words.size, "size", Object.keys(SIZES), Object.keys(SIZES).map((name) => words[name]), size, (name) => {
      localStorage.setItem(SIZE, name);
      resize(name);
    }),
    element("fieldset", {}, element("legend", {}, words.keys_title),
      element("label", {}, element("input", { type: "checkbox", checked: !localStorage.getItem(KEYS), onchange: (event) =>
        event.target.checked ? localStorage.removeItem(KEYS) : localStorage.setItem(KEYS, "off") }), words.keys_on),
      element("button", { type: "button", onclick: () => root.list.showModal() }, words.keys_list)));
  root.list = list(words);
  root.replaceChildren(details, root.list);
  if (!root.keys) {
    root.keys = keys(root);
    window.addEventListener("keydown", root.keys);
  }
  wait();
  return () => setTimeout(() => {
    if (!root.isConnected) window.removeEventListener("keydown", root.keys);
  });
}
