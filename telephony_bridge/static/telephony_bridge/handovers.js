// Cards of transferred callers come by themselves: the page asks every few seconds, hears "as before" mostly, and says a new card once.

const EVERY = 4000; // milliseconds: a telephone rings for twenty seconds
const cards = document.getElementById("handovers"), news = document.getElementById("news"), lost = document.getElementById("lost");
const ids = () => new Set([...cards.querySelectorAll("[data-says]")].map(card => card.id));
let known = ids(), stand = "";

/** The new cards in place of the old; the focus stays on the button on which it was. */
function show(html) {
  const focused = cards.contains(document.activeElement) ? document.activeElement.id : "";
  cards.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  const fresh = [...cards.querySelectorAll("[data-says]")].filter(card => !known.has(card.id));
  known = ids();
  if (!fresh.length) return;
  const line = document.createElement("span");
  line.textContent = fresh.map(card => card.dataset.says).join(". ");
  news.replaceChildren(line);
}

async function look() {
  try {
    const answer = await fetch(cards.dataset.live, { headers: stand ? { "If-None-Match": stand } : {}, cache: "no-store", redirect: "error" });
    if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
    if (answer.ok) {
      stand = answer.headers.get("ETag") ?? "";
      show(await answer.text());
    }
    lost.hidden = true;
  } catch {
    lost.hidden = false; // signed out, or nobody there: the words say it, the next try may go well
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
