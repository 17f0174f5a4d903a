// The palette: every action that can be done now, by name, in a dialog with a filter (desk/dialogs.html).

import { act, spoken } from "./keys.js";
import { say } from "./live.js";
import { openDialog } from "./panels.js";
import { count, t } from "./texts.js";

const dialog = document.getElementById("palette-dialog"), field = document.getElementById("palette-field"), list = document.getElementById("palette-list");
let commands = [], shown = [], active = 0, speaking;

const fold = text => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/ß/g, "ss");

function nameOf(el) {
  const label = el.getAttribute("aria-label") ?? el.querySelector(".kern-label")?.textContent ?? el.textContent;
  return label.trim();
}

/** The buttons and links of the page that carry data-action, each name once. */
export function collect() {
  const found = new Map();
  for (const el of document.querySelectorAll("[data-action]")) {
    const name = nameOf(el), off = el.disabled || el.getAttribute("aria-disabled") === "true";
    if (name && !off && el.checkVisibility() && el.dataset.action !== "palette" && !found.has(name)) found.set(name, el);
  }
  return [...found].map(([name, el]) => ({ name, el, words: fold(name) }));
}

function draw() {
  const words = fold(field.value).split(/\s+/).filter(Boolean);
  shown = commands.filter(command => words.every(word => command.words.includes(word)));
  active = 0;
  list.replaceChildren(...shown.map(({ name, el }, n) => {
    const item = document.createElement("li"), keys = el.getAttribute("aria-keyshortcuts");
    item.id = `palette-${n}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    if (keys) { const cap = document.createElement("kbd"); cap.textContent = spoken(keys); cap.setAttribute("aria-hidden", "true"); item.append(cap); }
    return item;
  }));
  choose(0);
  clearTimeout(speaking);
  if (words.length) speaking = setTimeout(() => say(shown.length ? count("palette.found", shown.length) : t("palette.none")), 400);
}

function choose(at) {
  active = shown.length ? (at + shown.length) % shown.length : -1;
  [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === active)));
  const item = list.children[active];
  if (item) field.setAttribute("aria-activedescendant", item.id);
  else field.removeAttribute("aria-activedescendant");
  item?.scrollIntoView({ block: "nearest" });
}

function run(at) {
  const command = shown[at];
  if (!command) return;
  dialog.close();
  if (command.el.dataset.action === "search") act("search");
  else { command.el.control?.focus(); command.el.click(); } // a choice says that it is chosen; else the focus is where it was
}

/** Open the palette with an empty filter. */
export function showPalette() {
  commands = collect();
  field.value = "";
  draw();
  openDialog("palette-dialog");
}

function onKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); choose(active + step); }
  else if (event.key === "Enter") { event.preventDefault(); run(active); }
}

if (dialog) {
  field.addEventListener("input", draw);
  field.addEventListener("keydown", onKey);
  list.addEventListener("click", event => run([...list.children].indexOf(event.target.closest("[role=option]"))));
  document.addEventListener("palette:open", showPalette);
  document.addEventListener("click", event => { if (event.target.closest?.('[data-action="palette"]')) showPalette(); });
}
