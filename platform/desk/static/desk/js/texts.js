// Words that modules show or say, in the person's language: <script type="application/json" id="texts"> (template tag desk_texts).

const node = document.getElementById("texts");
const table = node ? JSON.parse(node.textContent) : {};

/** The text of a key with {name} replaced; the key itself when the page has no such text. */
export function t(key, values = {}) {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether somebody is being spoken with at this desk. */
export const talking = () => Boolean(document.querySelector("#calls [data-state=talking]"));

/** The text of a key; during a call with the assurance that it goes on. */
export const assure = key => [t(key), talking() && t("call.running")].filter(Boolean).join(" ");

/** The text of key.one or key.other, with {n} replaced. */
export function count(key, n) {
  return t(`${key}.${n === 1 ? "one" : "other"}`, { n });
}
