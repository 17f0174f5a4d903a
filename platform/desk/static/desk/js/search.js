// The search: a combobox over hits that the server renders (GET data-url?q=…&called=… -> two <ul role="group"> of [data-hit] options).
// The focus stays in the field and aria-activedescendant moves; count and first hit are said politely after a pause. Opening a hit fires
// "hit:open" (detail: {id, url}) on the field; the page puts the answer in its place.

import { say } from "./live.js";
import { parse } from "./swap.js";
import { assure, count, t } from "./texts.js";

const TYPING = 80, PAUSE = 400; // milliseconds: until the server is asked, until the count is said
const field = document.getElementById("search"), box = document.getElementById("hits");
let active = -1, opened = "", waiting, speaking, request;

const hits = () => [...box.querySelectorAll("[data-hit]")];
const words = node => node.textContent.trim();

function select(at) {
  const all = hits(), chosen = all[at];
  all.forEach((hit, n) => hit.setAttribute("aria-selected", String(n === at)));
  active = chosen ? at : -1;
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

const isOf = group => hit => hit.closest("[role=group]")?.dataset.kind === group;

function tally(all) {
  const parts = ["articles", "contacts"].map(kind => [kind, all.filter(isOf(kind)).length]).filter(([, n]) => n);
  const first = { title: words(all[0].querySelector(".hit__title")), municipality: words(all[0].querySelector(".hit__muni")).replace(/^, /, "") };
  return `${parts.map(([kind, n]) => count(`search.${kind}`, n)).join(", ")}. ${t("search.first", first)}`;
}

function show(fragment) {
  box.replaceChildren(fragment);
  const all = hits();
  box.hidden = !all.length;
  field.setAttribute("aria-expanded", String(Boolean(all.length)));
  select(-1);
  mark();
  return all;
}

function mark() {
  for (const hit of hits()) hit.classList.toggle("open", hit.dataset.id === opened);
}

const later = text => { clearTimeout(speaking); speaking = setTimeout(() => say(text), PAUSE); };

/** Ask the server for what stands in the field; an older question that is still under way is dropped. `quietly` says nothing. */
export async function run({ quietly = false } = {}) {
  request?.abort();
  clearTimeout(speaking);
  const query = field.value.trim();
  if (!query) { show(document.createDocumentFragment()); document.dispatchEvent(new CustomEvent("swap:done")); return; }
  const mine = request = new AbortController(), chosen = quietly ? hits()[active]?.dataset.id : undefined;
  field.setAttribute("aria-busy", "true");
  try {
    const address = `${field.dataset.url}?${new URLSearchParams({ q: query, called: field.dataset.called ?? "" })}`;
    const answer = await fetch(address, { signal: mine.signal, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const all = show(parse(await answer.text()));
    if (chosen) select(all.findIndex(hit => hit.dataset.id === chosen));
    field.removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("swap:done"));
    if (!quietly) later(all.length ? tally(all) : t("search.none"));
  } catch (error) {
    if (error.name !== "AbortError") later(assure("search.failed")); // the hits of before stay: they may still help
  } finally {
    if (mine === request) field.removeAttribute("aria-busy");
  }
}

/** Open a hit: it is marked, said, and "hit:open" is fired. */
export function open(hit) {
  if (!hit) return;
  opened = hit.dataset.id;
  clearTimeout(speaking); // the number of hits is no news any more
  mark();
  field.dispatchEvent(new CustomEvent("hit:open", { bubbles: true, detail: { id: opened, url: hit.dataset.url } }));
  say(t("search.opened", { title: words(hit.querySelector(".hit__title")), municipality: words(hit.querySelector(".hit__muni")).replace(/^, /, "") }));
}

/** Open what is chosen, else the first; one still typing has the newest hits first. */
async function enter() {
  clearTimeout(waiting);
  if (waiting) { waiting = undefined; await run(); }
  open(hits()[Math.max(active, 0)]);
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
  waiting = setTimeout(() => { waiting = undefined; run(); }, TYPING);
}

function onKey(event) {
  const n = hits().length, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && n && !event.altKey) { event.preventDefault(); select((Math.max(active, step < 0 ? 0 : -1) + step + n) % n); }
  else if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); enter(); }
  else if (event.key === "Escape") { event.preventDefault(); select(-1); } // the browser would empty a search field
}

function onDigit(event) {
  const digit = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(event.code);
  if (!digit || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  open(hits()[digit[1] - 1]);
}

if (field && box) {
  field.addEventListener("input", onInput);
  field.addEventListener("keydown", onKey);
  box.addEventListener("mousedown", event => event.preventDefault()); // the focus stays in the field
  box.addEventListener("click", event => open(event.target.closest("[data-hit]")));
  document.addEventListener("keydown", onDigit);
}
