// Clocks: "time:soon" (detail: seconds left) is fired once, in time to stop what ends, "time:over" at its end. [data-since] counts up, [data-until] down; both stand while the connection is lost, since then nobody knows.

const skew = Date.parse(document.body.dataset.now) - Date.now();
const wall = document.getElementById("clock");
const SOON = 25000; // milliseconds: more than the 20 s that WCAG 2.2.1 wants, since the sentence must be heard, too
const WALL = new Intl.DateTimeFormat("de", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" });
let warned = "";
const two = n => String(n).padStart(2, "0");

function words(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

function tick() {
  const now = Date.now() + skew;
  wall.textContent = WALL.format(now).replace(/^0/, "");
  if (document.body.dataset.connection === "lost") return;
  for (const el of document.querySelectorAll("[data-since]")) el.textContent = words(now - Date.parse(el.dataset.since));
  for (const el of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(el.dataset.until) - now;
    el.textContent = words(left);
    if (left > 0 && left <= SOON && warned !== el.dataset.until) {
      warned = el.dataset.until;
      document.dispatchEvent(new CustomEvent("time:soon", { detail: Math.round(left / 1000) }));
    }
    if (left <= 0 && !el.dataset.over) { el.dataset.over = "1"; document.dispatchEvent(new CustomEvent("time:over")); }
  }
}

setInterval(tick, 1000);
