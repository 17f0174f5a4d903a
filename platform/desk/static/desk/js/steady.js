// What the pointer has just come to rest on does not move away: new hits wait until it has been still for a moment, left, or clicked.
// A pointer that only lies there while somebody types keeps nothing waiting, since it does not aim at anything.

const AIM = 400, LONGEST = 3000, AGAIN = 50; // milliseconds: after a movement; altogether; between two looks while a button is held
let moved = -Infinity, place = "", pressed = false;

const waits = () => (pressed ? AGAIN : moved + AIM - performance.now());

/** Note where the pointer goes on a list. */
export function watch(list) {
  list.addEventListener("pointermove", event => {
    const now = `${event.screenX} ${event.screenY}`; // a list that changes under a still pointer makes events, too
    if (now !== place && event.target.closest("[role=option]")) moved = performance.now();
    place = now;
  });
  list.addEventListener("pointerleave", () => { moved = -Infinity; });
  list.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { pressed = false; moved = -Infinity; });
}

/** Resolves when the list may change. */
export async function steady() {
  const limit = performance.now() + LONGEST;
  for (let rest = waits(); rest > 0 && performance.now() < limit; rest = waits()) await new Promise(done => { setTimeout(done, rest); });
}
