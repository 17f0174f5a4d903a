// Putting a fragment from the server into the page without losing the focus.

/** The nodes of an HTML fragment that our own server rendered; scripts in it do not run. */
export function parse(html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  fragment.append(...made.body.childNodes);
  return fragment;
}

/** Note where the focus is inside `place`; the function returned gives it back after a swap, if it was lost: to the same id, action
    or choice, else to another button of the table's row, else to the first button of a call that came, else to the search, or the page's begin. Focus outside the place is left alone. */
export function holdFocus(place) {
  const was = document.activeElement;
  if (!was || was === place || !place.contains(was)) return () => {};
  const same = was.id ? `#${CSS.escape(was.id)}` : was.dataset.action ? `[data-action="${was.dataset.action}"]`
    : was.name ? `[name="${CSS.escape(was.name)}"][value="${CSS.escape(was.value)}"]` : null;
  const beside = [...was.closest("tr")?.querySelectorAll("button[id]") ?? []].map(el => `#${CSS.escape(el.id)}`).join();
  return () => {
    if (document.activeElement === was) return;
    const next = (same && place.querySelector(same)) ?? (beside ? place.querySelector(beside) : null) ?? place.querySelector("[data-call-id] button:not([hidden])");
    (next ?? document.getElementById("search") ?? document.getElementById("main")).focus({ preventScroll: true });
  };
}
