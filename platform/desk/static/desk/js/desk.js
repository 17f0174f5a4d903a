// The desk's page: events in, actions out, answers in their place. Nothing but the agent's own deed replaces what is being read.

import "./keys.js";
import "./palette.js";
import "./clock.js";
import "./learning.js";
import "./notices.js";
import "./settings.js";
import { prefill, prepare, remember, start, transferred } from "./closing.js";
import { say } from "./live.js";
import { apply, ask, follow, state, tell } from "./regions.js";
import { run, setCalled } from "./search.js";
import { isLost, listen } from "./stream.js";
import { parse } from "./swap.js";
import { assure, t } from "./texts.js";

const at = id => document.getElementById(id);
const reading = at("reading"), field = at("search");
let mode = "info", opened = null; // what stands in the place of the answer; the open answer {id, kind, title, url, call}
let typed = false; // whether something was searched since the call began to ring: then it is meant for this caller

function place(next = mode) {
  const form = at("wrap-up");
  mode = next === "closing" && !form ? (opened ? "reading" : "info") : next;
  at("closing").hidden = mode !== "closing";
  reading.hidden = mode !== "reading";
  at("info").hidden = mode !== "info";
}

// Answers

async function open(url) {
  const { call } = state();
  try {
    const answer = await ask(`${url}?call=${call}`);
    if (answer.status === 404) throw new Error("gone");
    reading.replaceChildren(parse(await answer.text()));
  } catch (error) {
    tell(error.message === "gone" ? t("answer.gone") : assure("answer.failed"), true);
    return;
  }
  const { entry: id, kind, title } = reading.firstElementChild.dataset;
  opened = { id, kind, title, url, call };
  reading.scrollTop = 0;
  place("reading");
  history.replaceState(null, "", `#${url}`);
  remember(opened);
  document.dispatchEvent(new CustomEvent("swap:done"));
}

function forget() {
  opened = null;
  reading.replaceChildren();
  history.replaceState(null, "", location.pathname);
}

// Deeds

const sending = new Set(), RESTS = 250; // milliseconds

async function send(url, data) {
  if (sending.has(url)) return false;
  sending.add(url);
  try {
    const answer = await ask(url, data);
    if (answer.status !== 204) apply(await answer.text());
    return answer.ok;
  } catch {
    tell(t("action.failed"), true);
    return false;
  } finally {
    sending.delete(url);
  }
}

async function close(form, submitter, ...more) {
  const inside = [form, reading].some(part => part.contains(document.activeElement)), data = new FormData(form, submitter);
  for (const [name, value] of more) data.append(name, value);
  if (!(await send(form.getAttribute("action"), data))) return;
  forget();
  place("info");
  if (inside) field.focus();
}

async function report(form) {
  const missing = form.elements.gap_title;
  if (!(await send(form.getAttribute("action"), new FormData(form)))) return;
  for (const one of [missing, form.elements.gap_text]) one.value = "";
  form.closest("dialog").close();
}

async function submitted(form, by) {
  if (form.id === "wrap-up") return close(form, by);
  if (form.id === "gap-form") return report(form);
  const url = by.getAttribute("formaction"), wraps = url.endsWith("/nachbearbeitung/");
  by.closest("dialog")?.close();
  const done = await send(url, new FormData(form, by));
  if (done && wraps) { place("closing"); at("concern")?.focus(); }
  if (done && "transferred" in by.dataset) transferred();
}

document.addEventListener("submit", event => {
  const form = event.target;
  if (!["act", "wrap-up", "gap-form"].includes(form.id)) return;
  event.preventDefault();
  if (isLost()) tell(t("connection.disabled"), true);
  else submitted(form, event.submitter);
});

// Arrow keys pass over choices: only where they rest is sent.
let resting;
document.addEventListener("change", event => {
  const url = event.target.dataset.presence, { name, value } = event.target;
  if (!url) return;
  const choose = () => {
    if (sending.has(url)) { resting = setTimeout(choose, RESTS); return; }
    const data = new FormData();
    data.append(name, value);
    send(url, data);
  };
  clearTimeout(resting);
  resting = setTimeout(choose, RESTS);
});

document.addEventListener("click", event => {
  const link = event.target.closest?.("[data-open]"), copy = event.target.closest?.("[data-copy]"), shows = event.target.closest?.("[data-show]");
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(link.getAttribute("href")); }
  if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => say(t("answer.copied", { number: copy.dataset.copy })), () => say(t("answer.uncopied")));
  if (event.target.closest?.("[data-reload]") && opened) open(opened.url);
  if (shows) { place("closing"); at("concern")?.focus(); }
  if (event.target.closest?.("[data-opens=gap-dialog]")) prefill(at("gap-form"), opened?.id);
});

// In a dialog a digit is a choice, but in its field a letter; Enter there presses the dialog's own first button, not the first of the form.
document.addEventListener("keydown", event => {
  const dialog = document.querySelector("dialog[open]"), typing = event.target.matches?.("dialog input[form=act]");
  const digit = !typing && dialog?.matches("[data-digits]") && /^[1-9]$/.test(event.key);
  const chosen = digit ? dialog.querySelector(`[data-digit="${event.key}"]`) : typing && event.key === "Enter" && dialog.querySelector("[type=submit]");
  if (chosen) { event.preventDefault(); chosen.click(); }
});

// A dialog gives the focus back; if its place has gone meanwhile, the search has it.
document.addEventListener("close", ({ target }) => { if (target.contains(document.activeElement) || document.activeElement === document.body) field.focus(); }, true);

field.addEventListener("hit:open", event => open(event.detail.url));

// What the server says

const answers = new Set([...document.querySelectorAll("[data-gap]")].map(el => el.dataset.gap));

document.addEventListener("swap:done", event => {
  const { before, after } = event.detail ?? {};
  at("nothing").hidden = !field.value.trim() || !at("hits").hidden || field.hasAttribute("aria-busy");
  if (!after) return;
  if (after.word && after.word !== before.word) tell(after.word);
  setCalled({ slug: after.called, name: after.name, describedBy: at("greeting") ? "greeting" : "" });
  document.title = `${after.title} – Rufverbund`;
  prepare();
  const rang = before.phase === "ringing" && before.call === after.call;
  if (after.phase === "ringing" && !rang) typed = false;
  // Words from before a call are no words of its caller. Those of a caller whose wrap-up is still open may be wanted for a report.
  if (after.phase === "talking" && before.phase !== "talking" && !at("wrap-up") && !(rang && typed)) empty();
  if (rang && after.phase === "talking" && opened?.call === after.call) remember(opened); // what was opened while it rang is for this caller
  const own = [...sending].some(url => url.endsWith("/nachbearbeitung/"));
  if (after.phase === "wrap-up" && before.phase === "talking" && before.call === after.call && !own) say(after.target ? t("ring.transferred", after) : t("ring.ended"));
  if (after.phase === "wrap-up" && before.phase !== "wrap-up" && mode !== "reading") place("closing");
  else place();
  if (before.call !== after.call && before.call && mode === "reading" && after.phase === "idle" && !reading.contains(document.activeElement)) place();
  for (const el of document.querySelectorAll("[data-gap]")) if (!answers.has(el.dataset.gap)) { answers.add(el.dataset.gap); tell(t("gap.answered", { title: el.dataset.title })); }
});

const keepSearch = () => sessionStorage.setItem("search", field.value);

function empty() {
  field.value = "";
  keepSearch();
  run({ quietly: true });
}

function entryChanged({ stream, id }) {
  const shown = reading.firstElementChild?.dataset;
  if (opened && shown?.stream === stream && shown.key === id) { reading.querySelector("[data-changed]").hidden = false; say(t("answer.changed")); }
  if (field.value.trim()) run({ quietly: true });
  if (state().phase === "idle") follow();
}

/** Greeting, situation or hours: at once, a running call too. One that came or went is found, or not, from now on. */
function municipalityChanged({ op }) {
  follow();
  if (op === "changed") return;
  follow("/kommunen/");
  if (field.value.trim()) run({ quietly: true });
}

listen(event => {
  if (event.kind === "municipality") municipalityChanged(event);
  else if (event.stream.startsWith("m:")) entryChanged(event);
  else if (event.kind === "presence" && event.id !== document.body.dataset.person) follow("/warteschlange/");
  else follow();
});

start({ close, answer: () => opened?.id });
prepare();
place(at("wrap-up") ? "closing" : "info");
if (location.hash.startsWith("#/auskunft/")) open(location.hash.slice(1));
field.value = sessionStorage.getItem("search") ?? "";
field.addEventListener("input", () => { typed = true; keepSearch(); });
if (field.value) run({ quietly: true });
