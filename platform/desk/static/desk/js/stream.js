// The line to the server: an event stream with ids only. Lost means: one sentence, a banner, clocks that stand, buttons that say why they
// rest, and new tries until the server is back; then everything is fetched again.

import { back, lost as sayLost } from "./ring.js";
import { say } from "./live.js";
import { ask, follow, refresh } from "./regions.js";
import { t, talking } from "./texts.js";

const SILENCE = 40000, TRIES = [1, 2, 4, 8, 15]; // milliseconds without a beat, seconds between tries
const banner = document.getElementById("connection"), retry = document.getElementById("retry");
let source, position = document.body.dataset.position, heard = Date.now(), failed = 0, countdown, onEvent = () => {};
let stamped = []; // [element, what stood in it] while the connection is lost

export const isLost = () => document.body.dataset.connection === "lost";

function rest(on) {
  for (const button of document.querySelectorAll('button[form="act"], #wrap-up .foot button')) {
    if (on) { button.setAttribute("aria-disabled", "true"); button.setAttribute("aria-describedby", "lost-why"); }
    else { button.removeAttribute("aria-disabled"); if (button.getAttribute("aria-describedby") === "lost-why") button.removeAttribute("aria-describedby"); }
  }
}

function loseIt() {
  if (isLost()) return;
  document.body.dataset.connection = "lost";
  banner.hidden = false;
  document.getElementById("lost-call").hidden = !talking();
  const time = new Date(heard).toLocaleTimeString("de", { timeZone: "Europe/Berlin" });
  stamped = [...document.querySelectorAll("[data-stamp]")].map(el => [el, [...el.childNodes]]);
  for (const [el] of stamped) {
    if (el.getAttribute("role") === "timer") el.hidden = true;
    else el.textContent = t("connection.stamp", { time });
  }
  rest(true);
  sayLost();
}

function later() {
  let left = TRIES[Math.min(failed, TRIES.length) - 1];
  clearInterval(countdown);
  const show = () => { retry.textContent = t("connection.retry", { n: left }); };
  show();
  countdown = setInterval(() => { left -= 1; if (left > 0) show(); else connect(); }, 1000);
}

async function broken() {
  source?.close();
  source = undefined;
  failed += 1;
  if (failed > 1) loseIt();
  try {
    await ask("/warteschlange/");
  } catch (error) {
    if (error.message === "signed-out") return ends(t("connection.signedout"), t("connection.signin"), "/");
    if (error.message === "role-ended") return ends(t("connection.roleended"), t("connection.account"), "/konto/");
    loseIt();
  }
  later();
}

/** No more tries: the words say why, in the banner and to the ear; the link leads on. What stands in the page stays. */
function ends(words, way, href) {
  loseIt();
  clearInterval(countdown);
  const link = Object.assign(document.createElement("a"), { href, className: "link", textContent: way });
  banner.querySelector("p").replaceChildren(words, " ", link);
  say(words);
  retry.textContent = "";
  banner.querySelector("button").hidden = true;
}

async function restored() {
  const again = failed > 0;
  failed = 0;
  if (!isLost()) {
    if (again) await refresh(); // the line may have been cut because one hears less now
    return;
  }
  await refresh("/anruf/", { fresh: true });
  delete document.body.dataset.connection;
  for (const [el, was] of stamped) { el.replaceChildren(...was); el.hidden = false; } // most were drawn anew; not those behind a dialog
  if (banner.contains(document.activeElement)) document.getElementById("search").focus(); // its button goes
  banner.hidden = true;
  rest(false);
  back();
}

function receive(event) {
  heard = Date.now();
  if (event.lastEventId) position = event.lastEventId;
  const news = JSON.parse(event.data);
  if (news.kind === "hello") restored().catch(broken);
  else if (news.kind === "reset") { restored().catch(broken); follow(); follow("/kommunen/"); }
  else onEvent(news);
}

/** Try now. */
export function connect() {
  clearInterval(countdown);
  source?.close();
  heard = Date.now();
  source = new EventSource(`/events?since=${encodeURIComponent(position)}`);
  source.addEventListener("message", receive);
  source.addEventListener("beat", () => { heard = Date.now(); });
  source.addEventListener("error", broken);
}

/** Listen; `handler` gets {kind, id, op, stream} for each event. */
export function listen(handler) {
  onEvent = handler;
  connect();
  setInterval(() => { if (source && Date.now() - heard > SILENCE) broken(); }, 5000);
  addEventListener("offline", () => { if (source) broken(); });
  addEventListener("online", () => { if (!source) connect(); });
  document.addEventListener("click", event => { if (event.target.closest?.('[data-action="reconnect"]')) connect(); });
  document.addEventListener("swap:done", () => { if (isLost()) rest(true); });
}
