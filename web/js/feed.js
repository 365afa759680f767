// @ts-check
/** The latest news of the clinic, one sentence each. */

import { say } from "./clock.js";
import { clone, el, icon, one } from "./dom.js";
import { iconOf, isNews, sentence, who } from "./sentences.js";
import { board, on } from "./store.js";
import { t } from "./words.js";

const SHOWN = 30;

/** @type {Map<number, HTMLElement>} */
const rows = new Map();

/**
 * Keep the feed in step with the events.
 * @param {(event: BoardEvent) => void} open shows what an event is about
 */
export function setUpFeed(open) {
  on("events", () => draw(open));
}

/** @param {(event: BoardEvent) => void} open */
function draw(open) {
  const list = one("#feed-list");
  const news = board.events.filter(isNews).slice(0, SHOWN);
  const keep = new Set(news.map((event) => event.seq));
  for (const seq of rows.keys()) if (!keep.has(seq)) rows.delete(seq);
  const items = news.map((event) => {
    const row = rows.get(event.seq) ?? makeRow(event, open);
    rows.set(event.seq, row);
    return row;
  });
  if (!items.length) return list.replaceChildren(el("li", { class: "hint" }, t("empty_feed")));
  // Only what is new is put in: a row that has the focus stays where it is.
  items.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  while (list.children.length > items.length) list.lastElementChild?.remove();
}

/** @param {BoardEvent} event @param {(event: BoardEvent) => void} open @returns {HTMLElement} */
function makeRow(event, open) {
  const row = clone("t-news", { text: "…", who: who(event), at: say("time", event.at) });
  one(".news-icon", row).append(icon(iconOf(event.type)));
  const opener = one("button", row);
  if (event.appointment_id || event.contact_id || event.follow_up_id || /^(call|lead)\./.test(event.type)) opener.addEventListener("click", () => open(event));
  else /** @type {HTMLButtonElement} */ (opener).disabled = true;
  void sentence(event).then((text) => (one('[data-f="text"]', row).textContent = text));
  return row;
}

/** Forget the rows, as after another clinic was chosen. */
export function forgetFeed() {
  rows.clear();
}
