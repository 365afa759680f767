// @ts-check
/** One visit on the schedule: who, when, what for, and how text and calendar fared. */

import { say, wall } from "./clock.js";
import { clone, el, icon, sign } from "./dom.js";
import { meaning, t } from "./words.js";

/** @type {Record<Status, string>} */
const STATUS_ICONS = {
  pending: "clock", confirmed: "check", arrived: "door", completed: "done", no_show: "ghost", cancelled: "cross",
};
const LIVE = new Set(["pending", "confirmed", "arrived"]);

/** @param {Appointment} visit @returns {boolean} whether it is still to come or under way */
export const isLive = (visit) => LIVE.has(visit.status);

/**
 * Show a status: an icon and its word.
 * @param {Status} status
 * @returns {HTMLElement}
 */
export function statusSign(status) {
  return el("span", { class: "status", "data-status": status }, icon(STATUS_ICONS[status] ?? "clock"), el("span", { class: "status-word" }, meaning("status", status)));
}

const SMS_BAD = new Set(["failed", "undelivered", "expired", "suppressed"]);
const SMS_THERE = new Set(["delivered", "received"]);

/**
 * Show how the last text about a visit fared.
 * @param {Appointment["sms"]} sms
 * @returns {HTMLElement | null}
 */
export function smsSign(sms) {
  if (!sms) return null;
  const kind = SMS_BAD.has(sms.state) ? "text-bad" : SMS_THERE.has(sms.state) ? "text-ok" : "text";
  return mark(sign(kind, t("text_is", { state: meaning("sms", sms.state) })), kind.endsWith("bad"));
}

/**
 * Show whether the provider's Google calendar has a visit.
 * @param {Appointment["calendar"]} calendar
 * @returns {HTMLElement | null}
 */
export function calendarSign(calendar) {
  if (!calendar || calendar.state === "none") return null;
  const bad = calendar.state === "failed" || calendar.state === "paused";
  const kind = bad ? "sync-bad" : calendar.state === "written" ? "sync-ok" : "sync";
  return mark(sign(kind, t("calendar_is", { state: meaning("calendar", calendar.state) })), bad);
}

/** @param {HTMLElement} shown @param {boolean} bad @returns {HTMLElement} */
function mark(shown, bad) {
  shown.classList.toggle("bad", bad);
  return shown;
}

/** @param {HTMLElement} shown @returns {HTMLElement} a sign that gives way where there is little room */
function extra(shown) {
  shown.classList.add("extra");
  return shown;
}

/** @param {Appointment} visit @returns {string} */
export const span = (visit) => `${say("time", visit.starts_at)} – ${say("time", visit.ends_at)}`;

/**
 * Return the minutes of its day a visit takes on the wall clock; a night of a clock change may not make it empty.
 * @param {Appointment} visit
 * @returns {{ from: number, to: number }}
 */
export function minutes(visit) {
  const from = wall(visit.starts_at).minute;
  const length = (Date.parse(visit.ends_at) - Date.parse(visit.starts_at)) / 60_000;
  const end = wall(visit.ends_at);
  const to = end.day === wall(visit.starts_at).day && end.minute > from ? end.minute : Math.min(1440, from + length);
  return { from, to };
}

/**
 * Make a visit's card.
 * @param {Appointment} visit
 * @param {{ provider?: boolean, template?: string }} [options] provider: name the provider too
 * @returns {HTMLElement} a list item with one button
 */
export function makeCard(visit, { provider = false, template = "t-card" } = {}) {
  const item = clone(template, {
    time: say("time", visit.starts_at), until: say("time", visit.ends_at), name: visit.patient_name,
    service: provider ? `${visit.service_name} · ${visit.provider_name}` : visit.service_name,
  });
  const card = /** @type {HTMLElement} */ (item.firstElementChild);
  card.dataset.id = visit.id;
  card.dataset.status = visit.status;
  const signs = card.querySelector(".card-signs");
  signs?.append(...[
    statusSign(visit.status),
    visit.overbooked ? mark(sign("stack", t("overbooked")), true) : null,
    visit.is_new_patient ? extra(sign("star", t("new_patient"))) : null,
    visit.notes ? extra(sign("note", t("has_notes"))) : null,
    smsSign(visit.sms), calendarSign(visit.calendar),
  ].filter((each) => each !== null));
  return item;
}
