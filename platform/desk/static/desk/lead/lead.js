// The page of whoever leads a team: an event says that something happened, the parts are fetched again; deeds are forms that are sent as a script.

import "../js/clock.js";
import { equip, say } from "../js/live.js";
import { holdFocus, parse } from "../js/swap.js";

const { body } = document, PARTS = body.dataset.parts;
const REST = 400, SOON = 1000, AGAIN = 5000; // milliseconds between two fetches, before the stream is opened anew, and between two tries while the server is away
const lost = document.getElementById("connection"), out = document.getElementById("signed-out");
const token = document.querySelector("#lead-act [name=csrfmiddlewaretoken]").value;
const confirming = document.getElementById("confirm-dialog");
let position = body.dataset.position, source, again, busy = false, wanted = false;
let asked = ""; // the button whose deed the dialog asks for
let known = document.querySelector("[data-unheard]")?.dataset.unheard; // what the exchange has not done, and was said

function put(html) {
  for (const el of [...parse(html).children]) {
    if ("say" in el.dataset) { tell(el.textContent, "failed" in el.dataset); continue; }
    const place = document.getElementById(el.id);
    if (!place) continue;
    const restore = holdFocus(place), scrolled = place.querySelector(".table-wrap")?.scrollLeft ?? 0;
    place.hidden = el.hidden;
    place.replaceChildren(...el.childNodes);
    const wrap = place.querySelector(".table-wrap");
    if (wrap) wrap.scrollLeft = scrolled;
    restore();
  }
  const { unheard } = document.querySelector("[data-unheard]")?.dataset ?? {};
  if (unheard && unheard !== known) tell(document.querySelector("[data-unheard]").textContent, true);
  known = unheard ?? known;
}

/** Said, and shown under the page's head until the next one. */
function tell(words, failed) {
  const place = document.getElementById("told");
  place.className = `alertline alertline--${failed ? "danger" : "success"}`;
  place.querySelector("p").textContent = words;
  place.hidden = false;
  say(words);
}

function loseIt() {
  if (body.dataset.connection) return;
  body.dataset.connection = "lost"; // the clocks stand
  lost.hidden = false;
  say(lost.textContent.trim());
}

function end() {
  source?.close();
  clearTimeout(again);
  body.dataset.connection = "lost";
  lost.hidden = true;
  out.hidden = false;
  say(out.textContent.trim());
}

async function ask(url, data) {
  const headers = { "X-Fragment": "1", ...(data && { "X-CSRFToken": token }) };
  const answer = await fetch(url, { method: data ? "POST" : "GET", body: data, headers, redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 401) { end(); throw new Error("signed out"); }
  if (answer.status === 404 && data) { refresh(); return false; } // whom it was about is not there any more
  if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
  put(await answer.text());
  return answer.ok;
}

/** Several wishes while one is under way, or shortly after it, become one. */
async function refresh() {
  wanted = true;
  if (busy) return;
  busy = true;
  while (wanted) {
    wanted = false;
    try { await ask(PARTS); } catch { if (out.hidden) later(); }
    await new Promise(done => { setTimeout(done, REST); });
  }
  busy = false;
}

function later() {
  loseIt();
  source?.close();
  clearTimeout(again);
  again = setTimeout(connect, AGAIN);
}

/** The stream has ended: perhaps only because one hears other things now. As long as the server answers, nothing is lost. */
async function broken() {
  source?.close();
  clearTimeout(again);
  try {
    await ask(PARTS);
    again = setTimeout(connect, SOON);
  } catch { if (out.hidden) later(); }
}

function connect() {
  source?.close();
  source = new EventSource(`/events?since=${encodeURIComponent(position)}`);
  source.addEventListener("message", event => {
    if (event.lastEventId) position = event.lastEventId;
    const { kind, stream } = JSON.parse(event.data);
    if (kind === "hello" || kind === "reset") { delete body.dataset.connection; lost.hidden = true; refresh(); }
    else if (stream.startsWith("c:")) refresh();
  });
  source.addEventListener("error", broken);
}

/** What takes something from somebody is done by a second press, in a dialog that says from whom. */
function askFirst(by, url) {
  document.getElementById("confirm-words").textContent = by.dataset.confirm;
  document.getElementById("confirm").setAttribute("formaction", url);
  asked = by.id;
  equip(confirming);
  confirming.showModal();
}

confirming.querySelector("[data-closes]").addEventListener("click", () => confirming.close());
// The button is drawn anew while the dialog is open: the browser cannot give the focus back to the one that was pressed.
confirming.addEventListener("close", () => {
  document.getElementById("confirm").removeAttribute("formaction");
  if (confirming.contains(document.activeElement) || document.activeElement === document.body) (document.getElementById(asked) ?? document.getElementById("main")).focus();
});

document.addEventListener("submit", async event => {
  const form = event.target;
  if (form.id !== "lead-act" && !("lead" in form.dataset)) return;
  event.preventDefault();
  const by = event.submitter, url = by?.getAttribute("formaction") ?? form.getAttribute("action");
  if (by?.dataset.confirm) return askFirst(by, url);
  confirming.close();
  if (!url) return; // the button of the dialog, which has closed already
  try {
    const done = await ask(url, new FormData(form));
    if (done && (form.id !== "lead-act" || url.includes("/person/"))) form.reset(); // a reason is for the person whom a button names
  } catch { if (out.hidden) later(); }
});

connect();
