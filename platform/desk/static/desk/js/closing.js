// The wrap-up form and reports of missing knowledge. What is typed is kept on the server as it is typed, and sent as a whole when the
// time is over. What may not have arrived is kept in this tab, too, until the call is closed: it stands in the form again after a reload.

import { ask, state, tell } from "./regions.js";
import { isLost } from "./stream.js";
import { t } from "./texts.js";

const PAUSE = 700; // milliseconds after the last key
const KEPT = "wrap-up"; // in sessionStorage: [[name, value], …]
const field = (form, name) => form?.elements[name];
const form = () => document.getElementById("wrap-up");
let timer, titles = [], automatic = "", filled = "", drawn = null; // filled: the searched words that stand in a report, untouched
let told = null; // {call, id, kind, title}: what a call is about, sent, but perhaps not there yet when its form is drawn

function keep() {
  const now = form(), rows = now ? [...new FormData(now)].filter(([name]) => name !== "csrfmiddlewaretoken") : [];
  try { sessionStorage.setItem(KEPT, JSON.stringify(rows)); } catch { /* full or forbidden: the server has it a moment later */ }
}

/** What was typed for this call and stood here before the form was drawn anew. */
function restore(now) {
  const kept = new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
  if (kept.get("call") !== now.elements.call.value) return;
  for (const [name, value] of kept) if (field(now, name)) field(now, name).value = value;
  showTarget(now);
  now.querySelector("#wrap-gap").open = kept.get("gap_open") === "1";
  soon();
}

const showTarget = now => { now.querySelector("[data-for=transferred]").hidden = now.elements.outcome.value !== "transferred"; };

async function save() {
  clearTimeout(timer);
  timer = undefined;
  keep();
  const now = form();
  if (!now || isLost()) return;
  try {
    await ask(now.dataset.draft, new FormData(now), { keepalive: true });
  } catch { /* it stands in the form; the next save or closing takes it along */ }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

/** An answer was opened: it is what the call is about, unless the agent has written something else. */
export function remember({ id, kind, title }) {
  titles = [title, ...titles.filter(other => other !== title)].slice(0, 8);
  const { call, phase } = state(), data = new FormData();
  const concern = field(form(), "concern"), mine = concern && form().elements.call.value === call; // of two calls, the other's form may be open
  if (mine && (!concern.value || concern.value === automatic)) {
    about(form(), { id, kind, title });
    save();
  } else if (!mine && phase === "talking") {
    told = { call, id, kind, title };
    for (const [name, value] of [["concern", title], ["concern_kind", kind], ["concern_key", id]]) data.append(name, value);
    ask(`/anruf/${call}/entwurf/`, data).catch(() => {});
  }
  automatic = title;
}

function about(now, { id, kind, title }) {
  now.elements.concern.value = title;
  now.elements.concern_kind.value = kind;
  now.elements.concern_key.value = id;
}

/** Whoever opens an answer and goes to the wrap-up at once may get the form before the server has heard of the answer. */
function complete(now) {
  if (told?.call !== now.elements.call.value) return;
  const { value } = now.elements.concern; // what was opened before the last answer may have arrived
  if (!value || titles.includes(value)) { about(now, told); soon(); }
  told = null; // from now on an empty subject is what the agent wants
}

/** The call's form as it has just come: what was opened is offered as a subject. */
export function prepare() {
  const now = form();
  if (!now) {
    if (state().phase === "idle") titles = [];
    drawn = null;
    keep();
    return;
  }
  if (drawn !== now) { drawn = now; restore(now); complete(now); }
  automatic = now.elements.concern.value || automatic;
  now.querySelector("datalist").replaceChildren(...titles.map(title => Object.assign(document.createElement("option"), { value: title })));
}

/** Fill a report of missing knowledge with what is known: the words that were searched, the call, the open article. */
export function prefill(target, answer) {
  const query = document.getElementById("search").value.trim(), { call, called } = state();
  const words = target.elements.gap_title, where = field(target, "gap_municipality");
  if (!words.value || (query && words.value === filled)) words.value = filled = query;
  target.elements.gap_query.value = query;
  target.elements.gap_entry.value = answer ?? "";
  if (target !== form()) target.elements.call.value = call; // the wrap-up form knows its call, which may not be the active one
  if (where && called) where.value = called;
}

/** Transferred to somebody: the form says so, too. */
export function transferred() {
  const now = form(), card = now && document.querySelector(`#calls [data-call-id="${CSS.escape(now.elements.call.value)}"]`);
  if (!card?.dataset.target) return;
  now.elements.outcome.value = "transferred";
  now.elements.transferred_to.value = card.dataset.target;
  showTarget(now);
  keep();
}

function onInput(event) {
  const now = event.target.form;
  if (!now || now !== form()) return;
  if (event.target.name === "concern" && event.target.value !== automatic) { now.elements.concern_kind.value = ""; now.elements.concern_key.value = ""; }
  if (event.target.name === "outcome") showTarget(now);
  keep();
  if (!event.target.name.startsWith("gap_")) soon();
}

/** Wire the form; `close` sends it. `answer()` is the open article's id. */
export function start({ close, answer }) {
  document.addEventListener("input", onInput);
  document.addEventListener("toggle", event => {
    if (event.target.id !== "wrap-gap") return;
    form().elements.gap_open.value = event.target.open ? "1" : "";
    if (event.target.open) { prefill(form(), answer()); event.target.scrollIntoView({ block: "nearest" }); }
  }, true);
  document.addEventListener("time:soon", event => { if (form()) tell(t("closing.soon", { n: event.detail })); });
  document.addEventListener("time:over", () => { if (form() && !isLost()) close(form(), null, ["over", "1"]); });
  addEventListener("pagehide", () => { if (timer) save(); });
}
