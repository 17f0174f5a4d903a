// Cards of transferred callers come by themselves: the page asks every few seconds, hears "as before" mostly, and says a new card once.

const EVERY = 4000; // milliseconds: a telephone rings for twenty seconds
const cards = document.getElementById("handovers"), news = document.getElementById("news"), lost = document.getElementById("lost");
const ids = () => new Set([...cards.querySelectorAll("[data-says]")].map(card => card.id));
let known = ids(), stand = "";

/** Spoken once. The node is replaced, not its text, so that two equal sentences in a row are both spoken. */
function say(words) {
  const line = document.createElement("span");
  line.textContent = words;
  news.replaceChildren(line);
}

/** The new cards in place of the old; the focus stays on the button or number on which it was. */
function show(html) {
  const focused = cards.contains(document.activeElement) ? document.activeElement.id : "";
  cards.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (focused) (document.getElementById(focused) ?? document.getElementById("main")).focus({ preventScroll: true }); // a card goes when its call comes back
  const fresh = [...cards.querySelectorAll("[data-says]")].filter(card => !known.has(card.id));
  known = ids();
  if (fresh.length) say(fresh.map(card => card.dataset.says).join(". "));
}

async function look() {
  try {
    const answer = await fetch(cards.dataset.live, { headers: stand ? { "If-None-Match": stand } : {}, cache: "no-store", redirect: "error" });
    if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
    if (!lost.hidden) say(lost.dataset.back); // before the cards, whose words may follow at once
    lost.hidden = true;
    if (answer.ok) {
      stand = answer.headers.get("ETag") ?? "";
      show(await answer.text());
    }
  } catch {
    if (lost.hidden) say(lost.textContent.trim());
    lost.hidden = false; // signed out, or nobody there: the words say it, the next try may go well
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
