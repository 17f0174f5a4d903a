// What JavaScript adds to the form of an entry: a running count, a warning before typed text is left, more rows without a reload.
// Without it everything works through the server.

/** Keeps the words of the hint and replaces the number of characters that are left. */
function count(area) {
  const hint = document.getElementById(area.getAttribute("aria-describedby")?.split(" ")[0] ?? "");
  const most = Number(area.dataset.counts), text = hint?.textContent ?? "";
  if (!hint || !/\d+/.test(text)) return;
  const [before, after] = text.split(/\d+(?=[^\d]+\d+[^\d]*$)/);
  const update = () => {
    const left = most - [...area.value].length;
    hint.textContent = `${before}${Math.max(left, 0)}${after}`;
    hint.classList.toggle("count--near", left < 20);
  };
  area.addEventListener("input", update);
  update();
}

/** Asks before a page with typed text is left, unless by its own buttons. */
function guard(form) {
  let typed = form.dataset.guard === "typed";
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", event => { if (typed) event.preventDefault(); });
}

/** A new row appears below the last one as soon as that is used. */
function grow(list) {
  list.addEventListener("input", event => {
    const row = event.target.closest("li"), rows = list.children;
    if (row !== rows[rows.length - 1] || rows.length >= 20) return;
    const next = row.cloneNode(true), number = rows.length + 1;
    next.querySelector("button")?.remove();
    for (const input of next.querySelectorAll("input")) {
      input.value = "";
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, String(number)));
    }
    list.append(next);
  });
}

document.querySelectorAll("textarea[data-counts]").forEach(count);
document.querySelectorAll("form[data-guard]").forEach(guard);
document.querySelectorAll(".rows__list").forEach(grow);
