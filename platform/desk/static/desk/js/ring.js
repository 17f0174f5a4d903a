// The ring: one sentence, said once; then title, tone and, when the page is not in front, a notification.
//
// Cards carry data-call-id, data-state (ringing, talking, wrapup), data-name, data-short, data-number; their greeting is .greeting.
// A call that ended elsewhere may leave [data-ended="ID"] with the words for it ("Murat Aydın hat den Anruf angenommen.").
// Choices of the person on <body>: data-sentence (short, normal, greeting), data-sink (output device of the tone).

import { say } from "./live.js";
import { t } from "./texts.js";
import { startTone, stopTone } from "./tone.js";

const base = document.title;
const said = new Set();
let known = new Map();

const title = words => { document.title = words ? `${words} – Rufverbund` : base; };

/** What is said for a call, in one of three lengths. */
export function sentence(call, style = "normal") {
  if (style === "short") return call.short || call.name || t("ring.unknown");
  const start = call.name ? t("ring.for", call) : t("ring.unknown");
  const from = call.number ? t("ring.from", call) : t("ring.hidden");
  return [start, from, style === "greeting" ? call.greeting : ""].filter(Boolean).join(" ");
}

/** Ring for a call; a second time for the same call does nothing. */
export function ring(call, style = document.body.dataset.sentence) {
  if (said.has(call.id)) return;
  said.add(call.id);
  say(sentence(call, style), "live-ring");
  const words = call.name ? t("ring.title", call) : t("ring.title.unknown");
  title(words);
  startTone(document.body.dataset.sink);
  if (document.hidden && globalThis.Notification?.permission === "granted") new Notification(words, { body: call.number, tag: call.id });
}

/** The agent has the call. */
export function accepted(call) {
  stopTone();
  say(t("ring.accepted"));
  title(call.name ? t("ring.talking", call) : t("ring.talking.unknown"));
}

/** A ringing call went away; `words` say why when the server knows. */
export function gone(call, words) {
  stopTone();
  say(words || (call.name ? t("ring.gone", call) : t("ring.gone.unknown")));
  title();
}

/** The server cannot be reached, or can again. */
export function lost() { say(t("connection.lost")); }
export function back() { say(t("connection.back")); }

const read = card => ({
  id: card.dataset.callId, state: card.dataset.state, name: card.dataset.name ?? "", short: card.dataset.short ?? "",
  number: card.dataset.number ?? "", greeting: card.querySelector(".greeting")?.textContent.trim() ?? "",
});

/** Compare the cards in the page with those before: what is new rings, what was accepted or has gone is said. */
export function look() {
  const now = new Map([...document.querySelectorAll("[data-call-id]")].map(card => [card.dataset.callId, read(card)]));
  for (const [id, call] of known) {
    const after = now.get(id);
    if (call.state === "ringing" && after?.state === "talking") accepted(after);
    else if (call.state === "ringing" && !after) gone(call, document.querySelector(`[data-ended="${CSS.escape(id)}"]`)?.textContent.trim());
    else if (call.state !== "ringing" && !after) title();
  }
  for (const call of now.values()) if (call.state === "ringing") ring(call);
  known = now;
}

for (const event of ["swap:done", "htmx:afterSettle"]) document.addEventListener(event, look);
// After a short moment: a region that changes while the page is still being read in is not spoken.
setTimeout(look, 100);
