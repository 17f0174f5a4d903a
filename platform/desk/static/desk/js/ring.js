// The ring: one sentence, said once; then the tone and, when the page is not in front, a notification. The title comes with the page's state.
//
// Cards (and rows of the queue that ring here, too) carry data-call-id, data-state, data-name, data-short, data-number; their greeting is
// .greeting. A row with data-declined was left to the others: it makes no sound. A call that ended elsewhere leaves [data-ended="ID"] with the words for it ("Murat Aydın hat den Anruf angenommen.").
// Choices of the person on <body>: data-sentence (short, normal, greeting), data-sink (output device of the tone, or "off").

import { say } from "./live.js";
import { assure, t } from "./texts.js";
import { startTone, stopTone } from "./tone.js";

const said = new Set();
let known = new Map();

/** What is said for a call, in one of three lengths. */
export function sentence(call, style = "normal") {
  if (style === "short") return call.short || call.name || t("ring.unknown");
  const start = [call.note, call.name ? t("ring.for", call) : t("ring.unknown")].filter(Boolean).join(" ");
  const from = call.number ? t("ring.from", call) : t("ring.hidden");
  return [start, from, style === "greeting" ? call.greeting : ""].filter(Boolean).join(" ");
}

function notify(call) {
  const words = call.name ? t("ring.title", call) : t("ring.title.unknown");
  const may = document.hidden && document.body.dataset.notify !== "off" && globalThis.Notification?.permission === "granted";
  if (may) new Notification(words, { body: call.number, tag: call.id });
}

/** The server cannot be reached, or can again. */
export function lost() { stopTone(); say(assure("connection.lost")); }
export function back() { say(t("connection.back")); }

const read = card => ({
  id: card.dataset.callId, state: card.dataset.state, name: card.dataset.name ?? "", short: card.dataset.short ?? "",
  number: card.dataset.number ?? "", phase: card.dataset.phase ?? "", status: card.dataset.status ?? "", note: card.dataset.note ?? "", isCard: Boolean(card.closest("#calls")), declined: "declined" in card.dataset, greeting: card.querySelector(".greeting")?.textContent.trim() ?? "",
});

/** Compare the cards in the page with those before: what is new rings, what was accepted or has gone is said. */
export function look() {
  const now = new Map([...document.querySelectorAll("[data-call-id]")].map(card => [card.dataset.callId, read(card)]));
  for (const [id, call] of known) {
    const after = now.get(id);
    if (after?.state === "talking" && call.state === "talking" && after.phase !== call.phase) say([after.note, after.status].filter(Boolean).join(" "));
    if (call.state !== "ringing") continue;
    if (after?.state === "talking") say(t("ring.accepted"));
    else if (!after && call.isCard) {
      const words = document.querySelector(`[data-ended="${CSS.escape(id)}"]`)?.textContent.trim();
      say(words || (call.name ? t("ring.gone", call) : t("ring.gone.unknown")));
    }
  }
  for (const call of now.values()) if (call.state === "talking" && !known.has(call.id) && known.loaded) say(t("ring.accepted"));
  const ringing = [...now.values()].filter(call => call.state === "ringing" && !call.declined);
  for (const id of said) if (now.get(id)?.state !== "ringing") said.delete(id); // who waited during a call rings anew after it
  const fresh = ringing.filter(call => !said.has(call.id));
  // Several at once are said in one breath: a region speaks only what it was given last.
  if (fresh.length) say(fresh.map(call => sentence(call, document.body.dataset.sentence)).join(" "), "live-ring");
  for (const call of fresh) { said.add(call.id); notify(call); }
  if (ringing.length) startTone(document.body.dataset.sink);
  else stopTone();
  known = Object.assign(now, { loaded: true });
}

document.addEventListener("swap:done", look);
// After a short moment: a region that changes while the page is still being read in is not spoken.
setTimeout(look, 100);
