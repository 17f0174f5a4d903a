// Shortcuts. One table (template tag desk_texts, desk/keys.py) binds the keys, sets aria-keyshortcuts, fills the <kbd> hints and draws the
// help dialog, where each key can be changed or switched off. A change is kept in this browser and announced as "keys:change"
// (detail: {action: keys, …}) on the document, for the page to store with the person.

import { say } from "./live.js";
import { openDialog } from "./panels.js";
import { t } from "./texts.js";

const node = document.getElementById("keys");
const { table, refused, own: stored } = node ? JSON.parse(node.textContent) : { table: [], refused: "(?!)", own: {} };
const REFUSED = new RegExp(refused);
const STORE = "rufverbund.keys";
const MODIFIERS = ["Control", "Alt", "Shift", "Meta", "AltGraph"];

function load() {
  try { return JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { return {}; }
}
let own = { ...load(), ...stored }; // what is stored with the person wins over what this browser remembers

/** A key press as text, modifiers first: "Control+k". AltGr is Control+Alt. */
export function chord(event) {
  const alt = event.altKey || event.getModifierState("AltGraph"), key = event.key === " " ? "Space" : event.key;
  return [(event.ctrlKey || event.getModifierState("AltGraph")) && "Control", alt && "Alt", event.shiftKey && "Shift", event.metaKey && "Meta",
    key.length === 1 ? key.toLowerCase() : key].filter(Boolean).join("+");
}

/** The same as it is shown and said: "Strg+K"; "aus" for none. */
export const spoken = keys => keys ? keys.split("+").map(k => (k.length === 1 ? k.toUpperCase() : t(`key.${k}`).replace(/^key\./, ""))).join("+") : t("keys.off");

/** The keys that an action has now, "" for none. */
export const keysOf = row => own[row.action] ?? row.keys;

/** Why a key cannot be had for an action, as a sentence; "" when it can. */
export function refusal(action, keys) {
  const taken = table.find(row => row.action !== action && keys && keysOf(row) === keys);
  if (taken) return t("keys.taken", { keys: spoken(keys), words: taken.words });
  return keys && REFUSED.test(keys) ? t("keys.refused", { keys: spoken(keys) }) : "";
}

const visible = el => el.checkVisibility();

/** Write hints and aria-keyshortcuts; only the first visible button of an action carries the attribute. */
export function paint() {
  for (const row of table) {
    const keys = keysOf(row), all = [...document.querySelectorAll(`[data-action="${row.action}"]`)], first = all.find(visible);
    for (const el of all) {
      if (keys && el === first) el.setAttribute("aria-keyshortcuts", keys);
      else el.removeAttribute("aria-keyshortcuts");
      const hint = el.querySelector("kbd") ?? el.closest(".searchbox")?.querySelector("kbd");
      if (hint) { hint.textContent = spoken(keys); hint.hidden = !keys; }
    }
  }
}

/** Give an action other keys, "" for none; false when they are refused. */
export function change(action, keys) {
  if (refusal(action, keys)) return false;
  own = { ...own, [action]: keys };
  try { localStorage.setItem(STORE, JSON.stringify(own)); } catch { /* private window: the keys hold for this page */ }
  paint();
  document.dispatchEvent(new CustomEvent("keys:change", { detail: { ...own } }));
  return true;
}

/** Do an action as if its first visible button was pressed; says why when it cannot be done now. */
export function act(action) {
  const every = [...document.querySelectorAll(`[data-action="${action}"]`)], shown = every.filter(visible);
  // In the wrap-up an answer may stand before the form: its key closes the call all the same.
  const behind = action === "accept" && document.querySelector("#calls [data-state=wrap-up]:not([data-held])");
  const all = shown.length || !behind ? shown : every;
  const el = all.find(one => one.getAttribute("aria-disabled") !== "true" && !one.disabled);
  if (action === "search" && el) { el.focus(); el.select?.(); return; }
  if (action === "help") { showHelp(); return; }
  if (action === "palette") { document.dispatchEvent(new CustomEvent("palette:open")); return; }
  if (el) { el.click(); return; }
  const why = document.getElementById(all[0]?.getAttribute("aria-describedby") ?? "")?.textContent.trim();
  say(why || t("keys.unavailable", { words: table.find(row => row.action === action)?.words ?? action }));
}

// Help: one row per action; "Ändern" waits for one key press.

function capture(row, cap, button) {
  const done = text => {
    button.removeEventListener("keydown", pressed, true);
    button.removeEventListener("blur", left);
    cap.textContent = spoken(keysOf(row));
    if (text) say(text);
  };
  const left = () => done("");
  const pressed = event => {
    event.preventDefault();
    event.stopPropagation();
    if (MODIFIERS.includes(event.key)) return;
    if (event.key === "Escape") { done(t("keys.kept", { keys: spoken(keysOf(row)) })); return; }
    const keys = event.key === "Delete" ? "" : chord(event), why = refusal(row.action, keys);
    if (!why) change(row.action, keys);
    done(why || t("keys.changed", { words: row.words, keys: spoken(keys) }));
  };
  cap.textContent = t("keys.press");
  say(t("keys.press.how"));
  button.addEventListener("keydown", pressed, true);
  button.addEventListener("blur", left);
}

function helpRow(row) {
  const cap = document.createElement("kbd"), what = document.createElement("span"), edit = document.createElement("button");
  cap.textContent = spoken(keysOf(row));
  what.textContent = row.words;
  Object.assign(edit, { type: "button", className: "link-btn", textContent: t("keys.edit") });
  edit.setAttribute("aria-label", t("keys.edit.of", { words: row.words }));
  edit.addEventListener("click", () => capture(row, cap, edit));
  return [cap, what, edit];
}

/** Open the dialog "Tasten und Hilfe" (desk/dialogs.html). */
export function showHelp() {
  document.querySelector("#keys-dialog .keys")?.replaceChildren(...table.flatMap(helpRow));
  openDialog("keys-dialog");
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const row = table.find(r => keysOf(r) && keysOf(r) === chord(event));
  const rings = row?.action === "accept" && document.querySelector("#calls [data-state=ringing]"); // a call is taken from a dialog, too
  if (document.querySelector("dialog[open]") && !rings) return;
  if (row) { event.preventDefault(); if (!event.repeat) act(row.action); }
  else if (event.key === "Escape") act("search");
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", event => { if (event.target.closest?.('[data-action="help"]')) showHelp(); });
document.addEventListener("swap:done", () => paint());
paint();
