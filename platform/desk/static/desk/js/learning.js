// How searches end, for the editors: once for each search of a call, the words, the number of hits and what was opened are sent. Nothing
// is sent without a called municipality; what may be somebody's data is left out by the server. Who types such data is told so, once a call.
//
// A search is what stands in the field when the agent rests or opens a hit. It ends when the field is cleared, when other words are typed
// (not when it is typed on), when the call is over and when the page is left; until then the hit that was opened last counts. One that led
// to nothing waits for the next hit of the same call: that is what the caller wanted "in the end".

import { state, tell } from "./regions.js";
import { t } from "./texts.js";

const REST = 1000, MOST_WAITING = 5; // milliseconds; searches
const PERSONAL = /\S+@\S+\.\S|\d(?:[\s./()-]*\d){5}|\b\d{1,2}\. ?\d{1,2}\. ?\d{2}/; // not extensions: those are searched for
const field = document.getElementById("search"), box = document.getElementById("hits");
const token = document.querySelector("#act [name=csrfmiddlewaretoken]")?.value ?? "";
let current = null, waiting = [], resting, call = state().call, warned = false; // current: {words, called, hits, place, entry}

function send({ words, called, hits, place = "", entry = "" }, leaving) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, words, called, hits, place, entry })) data.append(name, value);
  if (leaving) navigator.sendBeacon(field.dataset.ended, data);
  else fetch(field.dataset.ended, { method: "POST", body: data, keepalive: true }).catch(() => {}); // one that is lost teaches nothing
}

const stir = () => { clearTimeout(resting); resting = undefined; };

function end({ leaving = false } = {}) {
  stir();
  const done = current;
  current = null;
  if (!done) return;
  if (done.entry) {
    send(done, leaving);
    for (const failed of waiting.splice(0)) send({ ...failed, entry: done.entry }, leaving);
  } else {
    waiting.push(done);
    if (waiting.length > MOST_WAITING) send(waiting.shift(), leaving);
  }
}

function over(options) {
  end(options);
  for (const failed of waiting.splice(0)) send(failed, options?.leaving);
  warned = false;
}

/** Whether the words that stand there now go on with those of before. */
const goesOn = (before, words) => words.startsWith(before.words) || (before.hits > 0 && before.words.startsWith(words));

function note() {
  stir();
  const words = field.value.trim(), called = field.dataset.called ?? "";
  if (!words || !called || field.hasAttribute("aria-busy")) return;
  const hits = box.querySelectorAll("[data-hit]").length;
  if (current && !current.entry && goesOn(current, words)) {
    if (words.length >= current.words.length) Object.assign(current, { words, hits });
    return;
  }
  if (current?.words === words) return;
  end();
  current = { words, called, hits };
}

function opened({ detail: { id, url } }) {
  note();
  const hit = box.querySelector(`[data-hit][data-id="${CSS.escape(id)}"]`), list = hit?.closest("[role=group]");
  if (!current || !hit) return;
  if (!current.entry) Object.assign(current, { words: field.value.trim(), hits: box.querySelectorAll("[data-hit]").length });
  current.place = [...list.querySelectorAll("[data-hit]")].indexOf(hit) + 1;
  current.entry = url.split("/").filter(Boolean).slice(1).map(decodeURIComponent).join("/");
}

function typed() {
  stir();
  const words = field.value.trim();
  if (!words || (current?.entry && words !== current.words)) end();
  if (!warned && state().call && PERSONAL.test(words)) { warned = true; tell(t("search.personal")); }
  if (words) resting = setTimeout(note, REST);
}

if (field && box) {
  field.addEventListener("input", typed);
  field.addEventListener("hit:open", opened);
  document.addEventListener("swap:done", ({ detail }) => {
    if (detail?.after && detail.after.call !== call) { over(); call = detail.after.call; }
    else if (!field.value.trim()) end();
  });
  addEventListener("pagehide", () => { if (resting) note(); over({ leaving: true }); });
}
