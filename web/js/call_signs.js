// @ts-check
/** What came of a call, as a tag; who called. */

import { addDays, say, today, wall } from "./clock.js";
import { el, icon } from "./dom.js";
import { moment } from "./moments.js";
import { length } from "./numbers.js";
import { phone } from "./phone.js";
import { meaning, t } from "./words.js";

/** @type {Record<string, string>} */
const ICONS = {
  booked: "plus", rescheduled: "move", cancelled: "cross", confirmed: "check", transferred: "move", message_taken: "note",
  looked_up: "search", no_booking: "ghost", missed: "missed", failed: "text-bad",
};
const BAD = new Set(["missed", "failed"]);
const POOR = new Set(["no_booking"]);
const WELL = new Set(["booked", "rescheduled", "confirmed"]);

/**
 * Show what came of a call: an icon and its words.
 * @param {Call} call
 * @returns {HTMLElement}
 */
export function outcomeSign(call) {
  if (call.state !== "ended") return el("span", { class: "tag", "data-tone": "live" }, icon("pulse"), t("call_going_on"));
  const { outcome } = call;
  if (!outcome) return el("span", { class: "tag" }, icon("clock"), t("call_undecided"));
  const tone = BAD.has(outcome) ? "bad" : POOR.has(outcome) ? "warn" : WELL.has(outcome) ? "well" : null;
  return el("span", { class: "tag", "data-tone": tone }, icon(ICONS[outcome] ?? "phone"), meaning("call", outcome));
}

/** @param {Call} call @returns {string} who it was: by name, by number, or nobody knows */
export const caller = (call) => call.contact_name ?? (phone(call.phone) || t("withheld"));

/** @param {Call} call @returns {string} when, and for how long */
export const whenAndHow = (call) => [wall(call.started_at).day < addDays(today(), -1) ? say("stamp", call.started_at) : moment(call.started_at), length(call.duration_seconds),
  call.direction === "inbound" ? "" : meaning("direction", call.direction)].filter(Boolean).join(" · ");
