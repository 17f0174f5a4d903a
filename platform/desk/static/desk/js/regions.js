// The parts of the page that the server draws. Each has an id; a fragment holds some of them, and only those that changed are put in.
// Typed text, an open dialog and what is being read stay.

import { say } from "./live.js";
import { holdFocus, parse } from "./swap.js";

const token = document.querySelector("#act [name=csrfmiddlewaretoken]")?.value ?? "";
const shown = new Map(); // id -> what the server sent last, without what changes each time
const plain = el => el.outerHTML.replace(/(data-(?:since|until)="[^"]*">)[^<]*/g, "$1").replace(/ data-now="[^"]*"/g, "")
  .replace(/<input type="hidden" name="csrfmiddlewaretoken"[^>]*>/g, "");
const callsIn = el => [...el.querySelectorAll("[data-call-id]")].map(card => card.dataset.callId + card.dataset.state).join();

/** The state of the active call: {call, phase, called, name, title, target}. */
export const state = () => ({ ...document.getElementById("state").dataset });

/** A sentence for everybody: spoken politely, and shown in the corner until the next one. */
export function tell(words, failed = false) {
  const toast = document.getElementById("toast");
  say(words);
  toast.textContent = words;
  toast.classList.toggle("toast--failed", failed);
  toast.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { toast.hidden = true; }, 10000);
}

function keeps(place, el) {
  if (shown.get(el.id) === plain(el)) return true;
  if (el.id === "closing" && el.dataset.keep === place.dataset.keep) return true;
  if (place.querySelector("dialog[open]") && callsIn(place) === callsIn(el)) return true;
  return (el.id === "info" || el.id === "below") && place.contains(document.activeElement);
}

function put(place, el) {
  const restore = holdFocus(place), chosen = "choice" in place.dataset && place.querySelector("select").value;
  shown.set(el.id, plain(el));
  for (const { name } of [...place.attributes]) if (!el.hasAttribute(name)) place.removeAttribute(name);
  for (const { name, value } of el.attributes) place.setAttribute(name, value);
  place.replaceChildren(...el.childNodes);
  const same = chosen && place.querySelector(`option[value="${CSS.escape(chosen)}"]`);
  if (same) same.selected = true;
  restore();
}

/** Put a fragment into the page and say what it says. `fresh` draws everything again, as after a lost connection. */
export function apply(html, { fresh = false } = {}) {
  if (fresh) shown.clear();
  const before = state(), said = [];
  for (const el of [...parse(html).children]) {
    const place = document.getElementById(el.id);
    if ("say" in el.dataset) said.push(el);
    else if (place && !keeps(place, el)) put(place, el);
  }
  document.dispatchEvent(new CustomEvent("swap:done", { detail: { before, after: state() } }));
  for (const el of said) tell(el.textContent, "failed" in el.dataset);
}

/** GET or POST as a script; throws when nothing arrived, "signed-out" when the session has ended, "role-ended" when the desk is no longer the person's. */
export async function ask(url, body, options = {}) {
  const headers = { "X-Fragment": "1", ...(body && { "X-CSRFToken": token }) };
  if (body) deeds += 1;
  const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers, redirect: "manual", ...options });
  if (body) deeds += 1;
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Error("signed-out");
  if (answer.status === 403) throw new Error("role-ended");
  if (!answer.ok && answer.status !== 409 && answer.status !== 404) throw new Error(String(answer.status));
  return answer;
}

const wanted = new Set();
let busy = false, deeds = 0; // deeds: begun and answered POSTs

/** Fetch parts again: "/anruf/" (all around the call), "/warteschlange/", "/kommunen/". Several wishes while one is under way become one. */
export async function refresh(url = "/anruf/", options = {}) {
  wanted.add(url);
  if (busy) return;
  busy = true;
  let next;
  try {
    while (wanted.size) {
      next = wanted.has("/anruf/") ? "/anruf/" : [...wanted][0];
      if (next === "/anruf/") wanted.delete("/warteschlange/");
      wanted.delete(next);
      const seen = document.querySelector("#calls [data-state=ringing]")?.dataset.callId ?? "";
      const before = deeds, html = await (await ask(`${next}?seen=${seen}`)).text();
      if (deeds === before) apply(html, options);
      else wanted.add(next); // it may have been drawn before the deed, whose answer must not be undone
    }
  } catch (error) {
    wanted.add(next);
    throw error;
  } finally {
    busy = false;
  }
}

const AGAIN = 2000; // milliseconds

/** Fetch what the news were about. They come once: what does not arrive is fetched a moment later, with everything else, or when the line is back. */
export function follow(url) {
  refresh(url).catch(error => {
    if (document.body.dataset.connection === "lost" || ["signed-out", "role-ended"].includes(error.message)) return;
    clearTimeout(follow.timer);
    follow.timer = setTimeout(follow, AGAIN);
  });
}
