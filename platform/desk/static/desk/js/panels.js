// Tabs, dialogs and the first focus of a page, by event delegation: what is swapped in later works without being announced.
//
//   [role=tablist] > [role=tab][aria-controls]     one tab stop, arrow keys, Home, End
//   [data-opens="id"]                              opens that <dialog>; a link keeps its href for pages without JavaScript
//   [data-closes]                                  closes the dialog it stands in. Cancel is no submit button: Enter in a form
//                                                  presses the first submit button, and that must be the deed.
//   dialog[data-open], [data-focus]                opened, focused when they come into the page

import { equip } from "./live.js";

const tabsOf = tab => [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];

/** Show the panel of one tab and hide the others'. */
export function showTab(tab) {
  for (const other of tabsOf(tab)) {
    const chosen = other === tab, panel = document.getElementById(other.getAttribute("aria-controls"));
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    if (panel) panel.hidden = !chosen;
  }
}

const show = dialog => { equip(dialog); dialog.showModal(); };

/** Open a dialog; the browser gives the focus back to where it was when the dialog closes. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) show(dialog);
  return dialog;
}

/** Open and focus what asks for it inside `root`, once each. Called for the page and for each htmx swap; call it after a fetch. */
export function settle(root = document) {
  const dialog = root.querySelector("dialog[data-open]:not([open])");
  if (dialog) { dialog.removeAttribute("data-open"); show(dialog); }
  const target = root.querySelector("[data-focus]");
  if (target) { target.removeAttribute("data-focus"); target.focus(); }
}

function onClick(event) {
  const tab = event.target.closest?.("[role=tab]");
  if (tab) return showTab(tab);
  const closer = event.target.closest?.("[data-closes]");
  if (closer) return closer.closest("dialog")?.close();
  const opener = event.target.closest?.("[data-opens]");
  if (opener && openDialog(opener.dataset.opens)) event.preventDefault();
}

function onKey(event) {
  const tab = event.target.closest?.("[role=tab]");
  if (!tab || event.ctrlKey || event.altKey || event.metaKey) return;
  const tabs = tabsOf(tab), at = tabs.indexOf(tab), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const next = event.key === "Home" ? tabs[0] : event.key === "End" ? tabs.at(-1) : step && tabs.at((at + step) % tabs.length);
  if (!next) return;
  event.preventDefault();
  showTab(next);
  next.focus();
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:load", event => settle(event.target));
settle();
