// What is said of the hits: what was meant, how many there are, which is the first.

import { count, t } from "./texts.js";

const KINDS = ["articles", "contacts"];
const said = { meant: "", simple: "" }; // each hint is said once, not with every letter
const words = node => node.textContent.trim();

/** Title and municipality of a hit, as sentences name it. */
export const named = hit => ({ title: words(hit.querySelector(".hit__title")), municipality: words(hit.querySelector(".hit__muni")).replace(/^, /, "") });

/** A hint in words, empty when it was said before. */
function news(kind, text) {
  const fresh = text !== said[kind];
  said[kind] = text;
  return fresh ? text : "";
}

function hinted(hints) {
  const meant = hints?.querySelector("[data-query]")?.dataset.query, simple = hints?.querySelector("[data-simple]");
  return [news("meant", meant ? t("search.meant", { query: meant }) : ""), news("simple", simple ? t("search.simple") : "")];
}

function counted(box) {
  const numbers = KINDS.map(kind => [kind, box.querySelectorAll(`[data-kind="${kind}"] [data-hit]`).length]).filter(([, n]) => n);
  return numbers.length ? [`${numbers.map(([kind, n]) => count(`search.${kind}`, n)).join(", ")}.`, t("search.first", named(box.querySelector("[data-hit]")))] : [t("search.none")];
}

/** The whole sentence for the hits in `box` and the hints above them. */
export const tallied = (box, hints) => [...hinted(hints), ...counted(box)].filter(Boolean).join(" ");
