// @ts-check
/** A person's story, newest first, page by page. */

import { get } from "./api.js";
import { say } from "./clock.js";
import { button, clone, el, icon, one } from "./dom.js";
import { moment } from "./moments.js";
import { explain } from "./problems.js";
import { iconOf, who } from "./sentences.js";
import { known, meaning, t } from "./words.js";

const PAGE = 30;

/**
 * Show a person's timeline in a place, with a choice of kinds.
 * @param {HTMLElement} root the copy of t-contact's timeline
 * @param {string} contact id
 */
export function makeTimeline(root, contact) {
  const list = one("ol", root);
  const more = one(".timeline-more", root);
  const kinds = /** @type {HTMLSelectElement} */ (one("select", root));
  let asked = 0;

  /** @param {string | number | null} [cursor] */
  async function load(cursor = null) {
    const mine = ++asked;
    try {
      const page = /** @type {Page<TimelineItem>} */ (await get(`contacts/${contact}/timeline`, { cursor, limit: PAGE, kind: kinds.value }));
      if (mine !== asked) return;
      const entries = page.items.map(entry);
      if (cursor) list.append(...entries);
      else list.replaceChildren(...(entries.length ? entries : [el("li", { class: "hint" }, t("empty_timeline"))]));
      more.replaceChildren(page.next ? button(t("older"), () => void load(page.next), "button quiet") : "");
    } catch (problem) {
      if (mine === asked) list.replaceChildren(el("li", { class: "hint" }, explain(problem)));
    }
  }
  kinds.addEventListener("change", () => void load());
  return { load: () => load() };
}

/** @param {TimelineItem} item @returns {HTMLElement} */
function entry(item) {
  const row = clone("t-entry", { what: title(item), who: who(item), at: say("stamp", item.at), text: words(item) });
  one(".entry-icon", row).append(icon(iconOf(item.type || item.kind)));
  row.dataset.kind = item.kind;
  const { call } = item;
  if (call?.id) one("p", row).append(" ", button(t("the_call"), () => void import("./call_panel.js").then(({ openCall }) => openCall(call.id)), "link small"));
  return row;
}

/** @param {TimelineItem} item @returns {string} */
function title(item) {
  if (item.message) {
    const kind = item.message.direction === "in" ? t("wrote") : meaning("kind", item.message.kind);
    return item.message.direction === "in" ? kind : `${kind} · ${meaning("sms", item.message.state)}`;
  }
  if (item.kind === "note" || item.note) return t("noted");
  if (item.call?.outcome) return `${t(item.call.direction === "outbound" ? "call_out" : "call_in")} · ${meaning("call", item.call.outcome)}`;
  const key = known(`tl_${item.type.replaceAll(".", "_")}`);
  return key === null ? item.type.replaceAll(/[._]/g, " ") : t(key);
}

/** @param {TimelineItem} item @returns {string} */
function words(item) {
  if (item.message?.body) return item.message.body;
  if (item.note) return item.note.body;
  if (item.call?.summary) return item.call.summary;
  if (item.follow_up?.message) return item.follow_up.message;
  const starts = item.data?.starts_at ?? item.appointment?.starts_at;
  if (!starts) return "";
  const before = item.data?.previous_starts_at;
  const visit = item.appointment?.service_name ? `${item.appointment.service_name} · ` : "";
  return before ? `${visit}${moment(before)} → ${moment(starts)}` : visit + moment(starts);
}
