// What was searched in a call: words with which a hit was opened, or that stood for a while. At most five, the newest first. They live in
// this page only and are gone when the call is over.

import { t } from "./texts.js";

const MOST = 5, STOOD = 1500; // searches; milliseconds after which words are no longer being typed
const byCall = new Map(); // call -> words
let standing;

const call = () => document.getElementById("state")?.dataset.call ?? "";
const folded = words => words.toLowerCase();

/** What was searched in the call that is active now. */
export const recent = () => byCall.get(call()) ?? [];

/** These words were searched for; what they go on with is no search of its own. */
export function searched(words, of = call()) {
  if (!of || words.length < 2) return;
  const others = (byCall.get(of) ?? []).filter((other, at) => folded(other) !== folded(words) && !(at === 0 && folded(words).startsWith(folded(other))));
  byCall.set(of, [words, ...others].slice(0, MOST));
}

/** These words stand in the field: they were searched for when they stay. */
export function stands(words) {
  const of = call();
  stirred();
  if (words) standing = setTimeout(() => searched(words, of), STOOD);
}

/** Something else is being typed. */
export function stirred() { clearTimeout(standing); }

/** Forget the calls that are over. */
export function forget() {
  const open = new Set([call(), ...[...document.querySelectorAll("#calls [data-call-id]")].map(card => card.dataset.callId)]);
  for (const id of byCall.keys()) if (!open.has(id)) byCall.delete(id);
  if (!call()) stirred();
}

function option(words, at) {
  const item = document.createElement("li");
  item.id = `recent-${at + 1}`;
  item.dataset.recent = "";
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.textContent = words;
  return item;
}

/** The list to choose from, as the hits are one; empty without such searches. */
export function offer() {
  const fragment = document.createDocumentFragment(), group = document.createElement("ul"), head = document.createElement("li"), all = recent();
  if (!all.length) return fragment;
  head.id = "g-recent";
  head.className = "eyebrow";
  head.textContent = t("search.recent");
  head.setAttribute("role", "presentation");
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", head.id);
  group.append(head, ...all.map(option));
  fragment.append(group);
  return fragment;
}
