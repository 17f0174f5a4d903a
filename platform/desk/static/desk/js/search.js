// The search: a combobox over hits that the server renders (GET data-url?q=…&called=… -> two <ul role="group"> of [data-hit] options, before
// them perhaps [data-hints]: a corrected query as a button, a word about the search itself). The focus stays in the field and
// aria-activedescendant moves; count and first hit are said politely after a pause. What is chosen stays chosen while it is there. While the
// field is empty the searches of this call are offered. Opening a hit fires "hit:open" (detail: {id, url}) on the field; the page puts the
// answer in its place.

import { say } from "./live.js";
import { forget, offer, searched, stands, stirred } from "./recent.js";
import { steady, watch } from "./steady.js";
import { parse } from "./swap.js";
import { named, tallied } from "./tally.js";
import { assure, t } from "./texts.js";

const TYPING = 80, PAUSE = 400; // milliseconds: until the server is asked, until the count is said
const field = document.getElementById("search"), box = document.getElementById("hits"), hints = document.getElementById("hints");
let active = -1, opened = "", waiting, speaking, request;

const options = () => [...box.querySelectorAll("[role=option]")]; // hits, or searches of this call
const hits = () => [...box.querySelectorAll("[data-hit]")];

function select(at) {
  const all = options(), chosen = all[at];
  all.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
  active = chosen ? at : -1;
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

// What is said

const later = text => { clearTimeout(speaking); speaking = setTimeout(() => say(text()), PAUSE); };
const tally = () => tallied(box, hints);

// What is shown

function hint(told) {
  if (!hints) return;
  const had = hints.contains(document.activeElement);
  hints.replaceChildren(...(told?.childNodes ?? []));
  hints.hidden = !told;
  if (had) (hints.querySelector("button") ?? field).focus();
}

function show(fragment) {
  const told = fragment.querySelector("[data-hints]"), chosen = options()[active]?.dataset.id;
  told?.remove();
  hint(told);
  box.replaceChildren(fragment);
  const all = options();
  box.hidden = !all.length;
  field.setAttribute("aria-expanded", String(Boolean(all.length)));
  select(chosen ? all.findIndex(option => option.dataset.id === chosen) : -1);
  mark();
}

function mark() {
  for (const hit of hits()) hit.classList.toggle("open", hit.dataset.id === opened);
}

/** Nothing is searched for: whoever is in the field may choose from what was. */
function rest() {
  field.removeAttribute("aria-busy");
  show(document.activeElement === field ? offer() : document.createDocumentFragment());
  document.dispatchEvent(new CustomEvent("swap:done"));
}

function leave() {
  if (!field.value.trim()) show(document.createDocumentFragment());
}

// Asking

async function ask(query, signal) {
  const address = `${field.dataset.url}?${new URLSearchParams({ q: query, called: field.dataset.called ?? "" })}`;
  const answer = await fetch(address, { signal, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return parse(await answer.text());
}

/** Ask the server for what stands in the field; an older question that is still under way is dropped. `quietly` says nothing, `atOnce` shows
    the answer even while the pointer is on a hit. */
export async function run({ quietly = false, atOnce = false } = {}) {
  request?.abort();
  clearTimeout(speaking);
  const query = field.value.trim();
  if (!query) { rest(); return; }
  const mine = request = new AbortController();
  field.setAttribute("aria-busy", "true");
  try {
    const fragment = await ask(query, mine.signal);
    if (!atOnce) await steady();
    if (mine.signal.aborted) return;
    show(fragment);
    field.removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("swap:done"));
    if (!quietly) { later(tally); stands(query); }
  } catch (error) {
    if (error.name !== "AbortError") later(() => assure("search.failed")); // the hits of before stay: they may still help
  } finally {
    if (mine === request) field.removeAttribute("aria-busy");
  }
}

/** Search for other words, as if they had been typed. */
function searchFor(query) {
  field.value = query;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Open a hit: it is marked, said, and "hit:open" is fired. */
export function open(hit) {
  if (!hit) return;
  opened = hit.dataset.id;
  clearTimeout(speaking); // the number of hits is no news any more
  mark();
  searched(field.value.trim());
  field.dispatchEvent(new CustomEvent("hit:open", { bubbles: true, detail: { id: opened, url: hit.dataset.url } }));
  say(t("search.opened", named(hit)));
}

function take(option) {
  if (option && "recent" in option.dataset) searchFor(option.textContent);
  else open(option);
}

/** Take what is chosen, else open the first hit; one still typing has the newest hits first. */
async function enter() {
  const chosen = options()[active];
  if (chosen) { take(chosen); return; }
  clearTimeout(waiting);
  if (waiting || field.hasAttribute("aria-busy")) { waiting = undefined; await run({ atOnce: true }); }
  open(options()[active] ?? hits()[0]);
}

/** For whom is searched: name and greeting go to the field's name and description, typed text stays. */
export function setCalled({ slug = "", name = "", describedBy = "" } = {}) {
  field.dataset.called = slug;
  field.setAttribute("aria-label", name ? t("search.label", { name }) : t("search.label.all"));
  if (describedBy) field.setAttribute("aria-describedby", describedBy);
  else field.removeAttribute("aria-describedby");
}

function onInput() {
  clearTimeout(waiting);
  stirred();
  waiting = setTimeout(() => { waiting = undefined; run(); }, TYPING);
}

function onArrow(event, step) {
  if (!field.value.trim() && !options().length) show(offer());
  const n = options().length;
  if (!n) return;
  event.preventDefault();
  select((Math.max(active, step < 0 ? 0 : -1) + step + n) % n);
}

function onKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && !event.altKey) onArrow(event, step);
  else if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); enter(); }
  else if (event.key === "Escape") { event.preventDefault(); select(-1); leave(); } // the browser would empty a search field
}

function onDigit(event) {
  const digit = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(event.code);
  if (!digit || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  open(hits()[digit[1] - 1]);
}

/** A call that is over takes its searches along. */
function onSwap({ detail }) {
  if (!detail?.after) return;
  forget();
  if (box.querySelector("[data-recent]")) show(offer());
}

if (field && box) {
  watch(box);
  field.addEventListener("input", onInput);
  field.addEventListener("keydown", onKey);
  field.addEventListener("focus", () => { if (!field.value.trim()) show(offer()); });
  field.addEventListener("blur", leave);
  box.addEventListener("mousedown", event => event.preventDefault()); // the focus stays in the field
  box.addEventListener("click", event => take(event.target.closest("[role=option]")));
  hints?.addEventListener("click", event => { const meant = event.target.closest("[data-query]"); if (meant) searchFor(meant.dataset.query); });
  document.addEventListener("keydown", onDigit);
  document.addEventListener("swap:done", onSwap);
}
