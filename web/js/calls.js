// @ts-check
/** Every call, newest first, with a search in what was said; and, on a tab of its own, who called and did not book. */

import { get } from "./api.js";
import { openCall } from "./call_panel.js";
import { caller, outcomeSign, whenAndHow } from "./call_signs.js";
import { addDays, instant, isDay, iso } from "./clock.js";
import { button, choices, clone, el, field, one } from "./dom.js";
import { leadCard } from "./leads.js";
import { callLink } from "./phone.js";
import { explain } from "./problems.js";
import { on } from "./store.js";
import { meaning, t } from "./words.js";

const PAGE = 50;
const PAUSE = 300; // milliseconds after the last letter
const OUTCOMES = ["booked", "rescheduled", "cancelled", "confirmed", "transferred", "message_taken", "looked_up", "no_booking", "missed", "failed"];
/** @type {Record<string, LeadStatus[]>} */
const LEADS = { open: ["new", "contacted"], new: ["new"], contacted: ["contacted"], booked: ["booked"], lost: ["lost"], do_not_call: ["do_not_call"], all: [] };

/** @type {"all" | "leads" | ""} */
let shown = "";
let asked = 0;
let ready = false;
/** What stands in the list: the same answer again must not take a row away under somebody's finger. */
let last = "";

/**
 * Show the calls, or the leads.
 * @param {string} part
 */
export async function showCalls(part) {
  if (!ready) setUp();
  shown = part === "leads" ? "leads" : "all";
  for (const tab of document.querySelectorAll("#calls-tabs a")) {
    if (tab.getAttribute("href") === `#/calls/${shown}`) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  one("#calls-filter").hidden = shown !== "all";
  one("#leads-filter").hidden = shown !== "leads";
  one("#calls-list").replaceChildren();
  last = "";
  await load();
}

/** Stop keeping the list fresh: it is not on the page. */
export function leaveCalls() {
  shown = "";
}

function setUp() {
  ready = true;
  const calls = one("#calls-filter");
  const leads = one("#leads-filter");
  choices(field(calls, "outcome"), [["", t("call_any")], ...OUTCOMES.map((each) => /** @type {[string, string]} */ ([each, meaning("call", each)]))]);
  choices(field(leads, "status"), Object.keys(LEADS).map((each) => [each, meaning("leads", each)]), "open");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void load(), PAUSE);
  };
  for (const form of [calls, leads]) {
    form.addEventListener("input", soon);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      soon();
    });
  }
  on("calls", () => shown && soon());
}

/** @returns {{ path: string, query: Record<string, any> }} */
function wanted() {
  if (shown === "leads") return { path: "leads", query: { status: LEADS[field(one("#leads-filter"), "status").value] } };
  const value = (/** @type {string} */ name) => field(one("#calls-filter"), name).value.trim();
  const from = isDay(value("from")) ? iso(instant(value("from"), 0)) : "";
  const to = isDay(value("until")) ? iso(instant(addDays(value("until"), 1), 0)) : "";
  return { path: "calls", query: { q: value("said"), outcome: value("outcome"), from, to } };
}

/** @param {string | number | null} [cursor] */
async function load(cursor = null) {
  const mine = ++asked;
  const list = one("#calls-list");
  const { path, query } = wanted();
  list.ariaBusy = "true";
  try {
    const page = await get(path, { ...query, cursor, limit: PAGE });
    const text = JSON.stringify([path, query.q, page]);
    if (mine !== asked || text === last) return;
    last = cursor ? "" : text;
    const rows = page.items.map((/** @type {any} */ item) => (path === "leads" ? leadCard(item) : callCard(item, query.q)));
    if (cursor) list.append(...rows);
    else if (isWriting(list)) last = "";
    else fill(list, rows.length ? rows : [nothing(path, query)]);
    one("#calls-more").replaceChildren(page.next ? button(t("older"), () => void load(page.next), "button quiet") : "");
  } catch (problem) {
    if (mine !== asked) return;
    last = "";
    list.replaceChildren(el("li", { class: "empty", role: "alert" }, explain(problem)));
  } finally {
    if (mine === asked) list.ariaBusy = "false";
  }
}

/**
 * Put the rows on the page; the button that had the focus has it again in the new row.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} rows
 */
function fill(list, rows) {
  const held = list.contains(document.activeElement) ? document.activeElement?.closest("li[data-id]")?.getAttribute("data-id") : null;
  list.replaceChildren(...rows);
  if (held) rows.find((row) => row.dataset.id === held)?.querySelector("button")?.focus({ preventScroll: true });
}

/** @param {HTMLElement} list @returns {boolean} whether somebody is writing in a row just now */
const isWriting = (list) => list.contains(document.activeElement) && document.activeElement?.matches("input, textarea, select") === true;

/** @param {string} path @param {Record<string, any>} query @returns {HTMLElement} */
function nothing(path, query) {
  const filtered = path === "leads" ? field(one("#leads-filter"), "status").value !== "open" : Object.values(query).some(Boolean);
  const what = filtered ? "filtered_calls" : path;
  return el("li", { class: "empty" }, el("p", { class: "empty-title" }, meaning("empty", what)), el("p", {}, meaning("empty_more", what)));
}

/** @param {Call} call @param {string} query @returns {HTMLElement} */
function callCard(call, query) {
  const row = clone("t-call", { at: whenAndHow(call), summary: call.summary, reason: call.lost_reason ? meaning("lost", call.lost_reason) : null });
  row.dataset.id = call.id;
  one(".opener", row).textContent = caller(call);
  one(".opener", row).addEventListener("click", () => void openCall(call.id));
  if (call.phone && call.contact_name) one(".tel-place", row).append(callLink(call.phone));
  one(".meta", row).prepend(outcomeSign(call));
  one(".matches", row).append(...(call.matches ?? []).map((match) => el("li", {},
    el("button", { type: "button", class: "match", on: { click: () => void openCall(call.id, match.position) } },
      el("small", {}, meaning("speaker", match.role)), el("span", {}, ...marked(match.body, query))))));
  return row;
}

/**
 * Mark the words that were searched for. The server finds them in any form; here a common beginning has to do.
 * @param {string} text
 * @param {string} query
 * @returns {(Node | string)[]}
 */
export function marked(text, query) {
  const stems = query.toLowerCase().split(/[^\p{L}\p{N}-]+/u).filter((word) => word.length > 2 && !word.startsWith("-") && word !== "or")
    .map((word) => word.slice(0, Math.max(3, word.length - 2)));
  return text.split(/([\p{L}\p{N}]+)/u).map((part) =>
    (stems.some((stem) => part.toLowerCase().startsWith(stem)) ? el("mark", {}, part) : part));
}
