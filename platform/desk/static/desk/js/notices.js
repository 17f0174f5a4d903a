// What the whole centre shall know: said once when it comes, and when it holds no more.

import { say } from "./live.js";
import { t } from "./texts.js";

const read = () => new Map([...document.querySelectorAll("[data-notice]")].map(el => [el.dataset.notice, el.dataset.words]));
let known = read();

document.addEventListener("swap:done", () => {
  const now = read();
  const over = [...known].filter(([id]) => !now.has(id)).map(([, words]) => t("notice.over", { words }));
  const fresh = [...now].filter(([id]) => !known.has(id)).map(([, words]) => words);
  known = now;
  if (fresh.length || over.length) say([...over, ...fresh].join(" "));
});
