// @ts-check
/** An event as a sentence: what happened, to whom, by whom. */

import { appointmentFor, contactFor } from "./details.js";
import { moment } from "./moments.js";
import { board, providerName } from "./store.js";
import { known, meaning, t } from "./words.js";

/**
 * Say who did it.
 * @param {Pick<BoardEvent, "actor" | "actor_name"> | TimelineItem} event
 * @returns {string}
 */
export function who(event) {
  const actor = event.actor ?? "system";
  if (actor === `staff:${board.me.staff.id}`) return t("actor_you");
  if (actor.startsWith("staff")) return event.actor_name ?? t("actor_staff");
  return meaning("actor", actor);
}

/**
 * Say what happened. Names are fetched where they are not known yet.
 * @param {BoardEvent} event
 * @returns {Promise<string>}
 */
export async function sentence(event) {
  const key = known(`ev_${event.type.replaceAll(".", "_")}`);
  if (key === null) return event.type.replaceAll(/[._]/g, " ");
  return t(key, await values(event));
}

/**
 * Give what a sentence about an event may name. Times are the event's own: the appointment may have moved since.
 * @param {BoardEvent} event
 */
async function values(event) {
  const { data } = event;
  const visit = event.appointment_id ? await appointmentFor(event.appointment_id) : null;
  const person = !visit && event.contact_id ? await contactFor(event.contact_id) : null;
  const starts = data.starts_at ?? visit?.starts_at;
  return {
    name: visit?.patient_name ?? person?.name ?? t("somebody"),
    when: starts ? moment(starts) : "",
    provider: providerName(data.provider_id ?? visit?.provider_id) || visit?.provider_name || "",
    before: data.previous_starts_at ? moment(data.previous_starts_at) : "",
    reason: meaning("error", data.reason ?? data.error_code),
    wanted: data.wanted_starts_at ? moment(data.wanted_starts_at) : "",
    urgency: meaning("urgency", data.urgency),
  };
}

/** @type {Record<string, string>} */
const ICONS = {
  "appointment.booked": "plus", "appointment.rescheduled": "move", "appointment.cancelled": "cross",
  "appointment.confirmed": "check", "appointment.arrived": "door", "appointment.completed": "done",
  "appointment.no_show": "ghost", appointment: "day", sms: "text", follow_up: "phone", calendar: "sync",
  contact: "person", settings: "gear", staff: "person", call: "phone", lead: "phone", retention: "gear",
};

/** @param {string} type of an event @returns {string} */
export const iconOf = (type) => ICONS[type] ?? ICONS[type.split(".")[0]] ?? "day";

const QUIET = new Set([
  "appointment.noted", "appointment.reminder", "calendar.event_written", "calendar.status", "calendar.assigned", "calendar.busy_changed",
  "calendar.drift", "settings.changed", "staff.changed", "sms.sent", "sms.delivered", "contact.changed", "contact.noted", "contact.exported", "call.started", "call.reported", "lead.changed", "retention.swept",
]);
const LOUD = new Set([
  "appointment.booked", "appointment.rescheduled", "appointment.cancelled", "follow_up.created", "sms.received",
  "calendar.paused", "calendar.put_back", "sms.failed",
]);

/** @param {BoardEvent} event @returns {boolean} whether the feed shows it */
export const isNews = (event) => !QUIET.has(event.type);

/** @param {BoardEvent} event @returns {boolean} whether somebody should look up: others did it, and it matters */
export const isLoud = (event) => LOUD.has(event.type) && event.actor !== `staff:${board.me.staff.id}`;
