// @ts-check
/** Somebody who called and has no visit yet: how to reach them, why they did not book, and how it stands. */

import { ask, Problem } from "./api.js";
import { openBooking } from "./book.js";
import { say } from "./clock.js";
import { button, choices, clone, el, field, one } from "./dom.js";
import { factsList } from "./facts.js";
import { callLink, phone } from "./phone.js";
import { attempt } from "./problems.js";
import { may } from "./store.js";
import { say as aloud } from "./toasts.js";
import { count, meaning, t } from "./words.js";

/** @type {LeadStatus[]} */
const STATUSES = ["new", "contacted", "booked", "lost", "do_not_call"];

/**
 * Make the card of a lead with what can be done.
 * @param {Lead} lead
 * @param {{ tag?: "li" | "div", call?: string }} [options] call: the call it stands with
 * @returns {HTMLElement}
 */
export function leadCard(lead, { tag = "li", call = "" } = {}) {
  const row = el(tag, { class: "card-row lead", "data-id": lead.id });
  draw(row, lead, call);
  return row;
}

/** @param {HTMLElement} row @param {Lead} lead @param {string} call @param {string} [changed] what to say above it */
function draw(row, lead, call, changed) {
  const body = clone("t-lead", {
    name: call ? t("lead") : (lead.name ?? t("somebody")), at: t("lead_since", { when: say("stamp", lead.status_at) }), note: lead.note,
    reason: meaning("lost", lead.reason), calls: lead.calls > 1 ? count("lead_calls", lead.calls) : null, changed,
  });
  if (!call) one(".tel-place", body).append(callLink(lead.phone)); // a call says all this itself
  one(".facts-place", body).replaceWith((!call && factsList(lead.facts.filter((fact) => fact.field !== "name"))) || "");
  one(".status-place", body).append(may("staff") ? statusChoice(row, lead, call) : el("span", { class: "tag" }, meaning("lead", lead.status)));
  one(".actions", body).append(...actions(lead, call));
  if (may("staff")) body.append(editor(row, lead, call));
  row.dataset.status = `lead-${lead.status}`;
  row.replaceChildren(...body.childNodes);
}

/** @param {Lead} lead @param {string} call @returns {HTMLElement[]} */
function actions(lead, call) {
  const { contact_id, appointment_id } = lead;
  const email = lead.facts.find((fact) => fact.field === "email")?.value ?? null;
  return [
    may("staff") && lead.status !== "booked" && lead.status !== "do_not_call"
      ? button(t("lead_book"), () => openBooking({ contact: { phone: lead.phone, name: lead.name ?? "", email } }), "button primary") : null,
    call ? null : button(t("the_call"), () => void import("./call_panel.js").then(({ openCall }) => openCall(lead.call_id))),
    appointment_id ? button(t("the_visit"), () => void import("./visit_panel.js").then(({ openVisit }) => openVisit(appointment_id))) : null,
    contact_id ? button(t("open_contact"), () => void import("./contact_panel.js").then(({ openContact }) => openContact(contact_id))) : null,
  ].filter((each) => each !== null);
}

/** @param {HTMLElement} row @param {Lead} lead @param {string} call @returns {HTMLElement} */
function statusChoice(row, lead, call) {
  const select = el("select", { class: "button", name: "status", "aria-label": t("lead_status", { name: lead.name ?? phone(lead.phone) }) });
  choices(select, STATUSES.map((each) => [each, meaning("lead", each)]), lead.status);
  select.addEventListener("change", () => void save(row, lead, call, { status: select.value }, () => one("select", row).focus()));
  return select;
}

/** @param {HTMLElement} row @param {Lead} lead @param {string} call @returns {HTMLElement} */
function editor(row, lead, call) {
  const form = clone("t-lead-edit");
  field(form, "name").value = lead.name ?? "";
  field(form, "note").value = lead.note ?? "";
  one("form", form).addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field(form, "name").value.trim();
    const change = { note: field(form, "note").value.trim(), ...(name && name !== lead.name ? { name } : {}) };
    void save(row, lead, call, change, () => one("summary", row).focus());
  });
  return form;
}

/**
 * Save a change. Where somebody was quicker, their row is shown and nothing is saved.
 * @param {HTMLElement} row
 * @param {Lead} lead
 * @param {string} call
 * @param {Record<string, string>} change
 * @param {() => void} then the card is drawn anew: gives the focus back
 */
async function save(row, lead, call, change, then) {
  await attempt(row, async () => {
    const fresh = await ask("PATCH", `leads/${lead.id}`, { body: { version: lead.version, ...change } });
    draw(row, fresh, call);
    then();
    aloud(t("saved"));
  }, (problem) => {
    if (!(problem instanceof Problem) || !problem.body.current) return false;
    draw(row, problem.body.current, call, t("lead_changed"));
    then();
    return true;
  });
}
