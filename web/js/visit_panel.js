// @ts-check
/** A visit: what is known of it, and what can be done with it. */

import { ask, Problem } from "./api.js";
import { calendarSign, isLive, smsSign, span, statusSign } from "./card.js";
import { now, say, wall } from "./clock.js";
import { openContact } from "./contact_panel.js";
import { appointmentFor } from "./details.js";
import { button, clone, el, field, icon, one, put } from "./dom.js";
import { place } from "./live.js";
import { moment } from "./moments.js";
import { openMove } from "./move.js";
import { panelKey, retitle, showPanel } from "./panel.js";
import { callLink } from "./phone.js";
import { attempt } from "./problems.js";
import { board, may, on } from "./store.js";
import { say as aloud } from "./toasts.js";
import { meaning, t } from "./words.js";

/** @type {{ visit: Appointment, body: HTMLElement } | null} */
let shown = null;

/**
 * Show a visit at the side.
 * @param {string} id
 */
export async function openVisit(id) {
  const visit = await appointmentFor(id);
  if (!visit) return aloud(t("problem_404"));
  board.appointments.set(id, board.appointments.get(id) ?? visit);
  const body = clone("t-visit");
  shown = { visit, body };
  draw();
  field(body, "notes").value = visit.notes ?? "";
  one(".notes-save", body).addEventListener("click", () => void saveNotes());
  showPanel({ key: `visit ${id}`, title: visit.patient_name, body, again: () => void openVisit(id) });
}

/** Keep what is shown up to date; what somebody is writing stays. */
export function setUpVisits() {
  on("appointments", (ids) => {
    if (!shown || panelKey() !== `visit ${shown.visit.id}`) return;
    const fresh = board.appointments.get(shown.visit.id);
    if (!fresh || (ids.size && !ids.has(fresh.id))) return;
    const notes = field(shown.body, "notes");
    const untouched = notes.value === (shown.visit.notes ?? "");
    shown.visit = fresh;
    if (untouched) notes.value = fresh.notes ?? "";
    draw();
  });
}

function draw() {
  if (!shown) return;
  const { visit, body } = shown;
  retitle(visit.patient_name);
  put(body, {
    day: say("date", visit.starts_at), time: span(visit), provider: visit.provider_name, service: visit.service_name,
    code: visit.confirmation_code, email: visit.email, source: meaning("source", visit.source),
    made: say("stamp", visit.created_at), changed: visit.version > 1 ? say("stamp", visit.updated_at) : "",
  });
  for (const row of body.querySelectorAll(".facts > div")) {
    const dd = row.querySelector("dd[data-f]");
    if (dd instanceof HTMLElement && row instanceof HTMLElement) row.hidden = dd.hidden;
  }
  one(".tel-place", body).replaceChildren(callLink(visit.phone));
  one(".badges", body).replaceChildren(statusSign(visit.status), ...[
    visit.overbooked ? el("span", { class: "tag warn" }, icon("stack"), t("overbooked")) : null,
    visit.is_new_patient ? el("span", { class: "tag" }, icon("star"), t("new_patient")) : null,
  ].filter((each) => each !== null));
  one(".told", body).replaceChildren(...told(visit));
  const row = one(".actions", body);
  const focused = row.contains(document.activeElement);
  row.replaceChildren(...actions(visit));
  if (focused) one("button", row).focus();
  const notes = field(body, "notes");
  notes.readOnly = !may("staff");
  one(".notes-save", body).hidden = !may("staff");
}

/** @param {Appointment} visit @returns {HTMLElement[]} what patient and provider were told */
function told(visit) {
  const { sms, calendar } = visit;
  const text = sms ? `${meaning("kind", sms.kind)}: ${meaning("sms", sms.state)}` : t("no_text");
  const google = t("calendar_is", { state: meaning("calendar", calendar?.state ?? "none") });
  return [
    el("li", {}, smsSign(sms) ?? icon("text"), el("span", {}, text, sms?.error_code && el("small", {}, t("error_code", { code: sms.error_code })))),
    el("li", {}, calendarSign(calendar) ?? icon("sync"), el("span", {}, google, calendar?.error_code && el("small", {}, t("error_code", { code: calendar.error_code })))),
  ];
}

/** @param {Appointment} visit @returns {HTMLElement[]} */
function actions(visit) {
  const { call_id } = visit;
  const person = button(t("open_contact"), () => void openContact(visit.contact_id), "button");
  const call = call_id ? button(t("the_call"), () => void import("./call_panel.js").then(({ openCall }) => openCall(call_id))) : null;
  if (!may("staff")) return call ? [person, call] : [person];
  const started = Date.parse(visit.starts_at) <= now() || wall(visit.starts_at).day === wall(now()).day;
  const set = (/** @type {Status} */ status) => button(t(`mark_${/** @type {"arrived"} */ (status)}`), () => void change("status", { status }));
  if (!isLive(visit)) return [visit.status === "cancelled" ? null : set("pending"), person, call].filter((each) => each !== null);
  return [
    visit.status === "pending" ? button(t("confirm"), () => void change("confirm", {}), "button primary") : null,
    visit.status !== "arrived" && started ? set("arrived") : null,
    started ? set("completed") : null,
    started && visit.status !== "arrived" ? set("no_show") : null,
    button(t("move"), () => openMove(visit)),
    button(t("cancel_visit"), askToCancel, "button danger"),
    person, call,
  ].filter((each) => each !== null);
}

/** Cancelling tells the patient at once: it is asked twice, in place. */
function askToCancel() {
  if (!shown) return;
  const asked = clone("t-cancel");
  const reason = field(asked, "reason");
  one(".cancel-yes", asked).addEventListener("click", () => void change("cancel", { reason: reason.value.trim() || undefined }));
  one(".cancel-no", asked).addEventListener("click", draw);
  one(".actions", shown.body).replaceChildren(asked);
  reason.focus();
}

/**
 * @param {"confirm" | "cancel" | "status"} what
 * @param {Record<string, any>} more
 */
async function change(what, more) {
  if (!shown) return;
  const { visit, body } = shown;
  await attempt(body, async () => {
    one(".conflict", body).replaceChildren();
    const options = { body: { version: visit.version, ...more }, key: what === "cancel" ? crypto.randomUUID() : undefined };
    const fresh = await ask("POST", `appointments/${visit.id}/${what}`, options);
    place([fresh]);
    aloud(t("now_is", { name: fresh.patient_name, status: meaning("status", fresh.status) }));
  }, conflict);
}

async function saveNotes() {
  if (!shown) return;
  const { visit, body } = shown;
  const notes = field(body, "notes").value;
  await attempt(body, async () => {
    one(".conflict", body).replaceChildren();
    const fresh = await ask("PATCH", `appointments/${visit.id}`, { body: { version: visit.version, notes } });
    if (shown) shown.visit = { ...visit, notes }; // saved: what is in the field is not a draft any more
    place([fresh]);
    aloud(t("saved"));
  }, conflict);
}

/**
 * Somebody changed it meanwhile: say what, show it as it is, and leave the decision to the person.
 * @param {unknown} problem
 * @returns {boolean}
 */
function conflict(problem) {
  if (!shown || !(problem instanceof Problem) || !problem.body.current) return false;
  if (problem.code !== "version_conflict") {
    place([problem.body.current]);
    return false;
  }
  const fresh = /** @type {Appointment} */ (problem.body.current);
  const changes = differences(shown.visit, fresh);
  place([fresh]);
  one(".conflict", shown.body).replaceChildren(clone("t-conflict"));
  one(".conflict ul", shown.body).append(...changes.map((each) => el("li", {}, each)));
  return true;
}

/** @param {Appointment} before @param {Appointment} after @returns {string[]} */
function differences(before, after) {
  /** @type {[string, string, string][]} */
  const rows = [
    [t("time"), moment(before.starts_at), moment(after.starts_at)],
    [t("provider"), before.provider_name, after.provider_name],
    [t("status"), meaning("status", before.status), meaning("status", after.status)],
    [t("notes"), before.notes ?? "", after.notes ?? ""],
  ];
  return rows.filter(([, was, is]) => was !== is).map(([what, was, is]) => t("was_is", { what, was: was || "–", is: is || "–" }));
}
