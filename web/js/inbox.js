// @ts-check
/** The inbox: people to call back, what patients wrote, and texts that did not arrive. */

import { ask, get } from "./api.js";
import { openContact } from "./contact_panel.js";
import { say } from "./clock.js";
import { button, clone, el, one } from "./dom.js";
import { followUpCard } from "./follow_ups.js";
import { callLink } from "./phone.js";
import { explain } from "./problems.js";
import { prefer, preference } from "./preferences.js";
import { board, may, on } from "./store.js";
import { say as aloud } from "./toasts.js";
import { meaning, t } from "./words.js";

/** @typedef {"follow-ups" | "snoozed" | "replies" | "failed" | "done"} Part */
/** @type {Record<Part, { path: string, query: Record<string, any> }>} */
const PARTS = {
  "follow-ups": { path: "follow-ups", query: { status: "open" } },
  snoozed: { path: "follow-ups", query: { status: "snoozed" } },
  replies: { path: "messages", query: { direction: "in" } },
  failed: { path: "messages", query: { direction: "out", state: ["failed", "undelivered"] } },
  done: { path: "follow-ups", query: { status: "done" } },
};
const PAGE = 50;

/** @type {Part | ""} */
let shown = "";
let asked = 0;

/** Keep the inbox and its counts in step. */
export function setUpInbox() {
  on("inbox", () => {
    void drawCounts();
    if (shown) void load();
  });
}

/**
 * Show a part of the inbox; "" when another place is shown.
 * @param {string} part
 */
export async function showInbox(part) {
  shown = part in PARTS ? /** @type {Part} */ (part) : "follow-ups";
  for (const tab of document.querySelectorAll("#inbox-tabs a")) {
    const here = tab.getAttribute("href") === `#/inbox/${shown}`;
    if (here) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  await load();
}

/** Stop keeping the list fresh: it is not on the page. */
export function leaveInbox() {
  shown = "";
}

/** @param {string | number | null} [cursor] */
async function load(cursor = null) {
  const mine = ++asked;
  const part = shown || "follow-ups";
  const list = one("#inbox-list");
  try {
    const { path, query } = PARTS[part];
    const page = await get(path, { ...query, cursor, limit: PAGE });
    if (mine !== asked) return;
    const rows = page.items.map((/** @type {any} */ item) => (path === "messages" ? messageCard(item) : followUpCard(item, reload)));
    if (cursor) list.append(...rows);
    else if (!keepsWriting(list)) list.replaceChildren(...(rows.length ? rows : [empty(part)]));
    one("#inbox-more").replaceChildren(page.next ? button(t("older"), () => void load(page.next), "button quiet") : "");
    if (part === "replies" && page.items[0]) sawReplies(page.items[0].created_at);
  } catch (problem) {
    if (mine === asked) list.replaceChildren(el("li", { class: "empty", role: "alert" }, explain(problem)));
  }
}

const reload = () => {
  void load();
  void drawCounts();
};

/** @param {HTMLElement} list @returns {boolean} whether somebody is filling in a form of the list just now */
const keepsWriting = (list) => document.activeElement instanceof HTMLInputElement && list.contains(document.activeElement);

/** @param {Part} part @returns {HTMLElement} */
function empty(part) {
  return el("li", { class: "empty" }, el("p", { class: "empty-title" }, meaning("empty", part)), el("p", {}, meaning("empty_more", part)));
}

/** @param {Message} message @returns {HTMLElement} */
function messageCard(message) {
  const failed = message.direction === "out";
  const row = clone("t-message", {
    name: message.contact_name ?? t("unknown_number"), at: say("stamp", message.created_at), text: message.body ?? t("forgotten_text"),
    kind: failed ? meaning("kind", message.kind) : null, state: failed ? meaning("sms", message.state) : null,
    error: message.error_code ? t("error_code", { code: message.error_code }) : null,
  });
  one(".tel-place", row).append(callLink(message.phone));
  const actions = one(".actions", row);
  const { contact_id } = message;
  if (contact_id) actions.append(button(t("open_contact"), () => void openContact(contact_id)));
  if (failed && may("staff")) actions.append(button(t("resend"), () => void resend(message, row)));
  return row;
}

/** @param {Message} message @param {HTMLElement} row */
async function resend(message, row) {
  try {
    await ask("POST", `messages/${message.id}/resend`, { key: crypto.randomUUID() });
    aloud(t("resent"));
    reload();
  } catch (problem) {
    const place = one(".form-problem", row);
    place.textContent = explain(problem);
    place.hidden = false;
  }
}

/** @param {string} newest when the newest reply came */
function sawReplies(newest) {
  prefer("seen", { ...preference("seen"), [board.me.org.slug]: newest });
  void drawCounts();
}

/** Show how much waits: open follow-ups, and replies newer than the last one seen on this machine. */
export async function drawCounts() {
  const seen = Date.parse(preference("seen")[board.me.org.slug] ?? "") || 0;
  const [open, replies] = await Promise.all([
    get("follow-ups", { status: "open", limit: 1 }), get("messages", { direction: "in", limit: 50 }),
  ]).catch(() => [null, null]);
  if (!open || !replies) return;
  const fresh = replies.items.filter((/** @type {Message} */ each) => Date.parse(each.created_at) > seen).length;
  badge("#count-follow-ups", open.counts.open);
  badge("#count-snoozed", open.counts.snoozed);
  badge("#count-replies", fresh);
  badge("#count-inbox", open.counts.open + fresh);
}

/** @param {string} selector @param {number} many */
function badge(selector, many) {
  const place = one(selector);
  place.hidden = many === 0;
  place.textContent = many > 99 ? "99+" : String(many);
}
