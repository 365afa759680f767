// @ts-check
/** A person to call back: whose it is, when, and how it went. */

import { ask } from "./api.js";
import { openContact } from "./contact_panel.js";
import { addDays, instant, iso, now, say, today } from "./clock.js";
import { button, clone, el, field, one } from "./dom.js";
import { moment } from "./moments.js";
import { callLink } from "./phone.js";
import { attempt } from "./problems.js";
import { board, may } from "./store.js";
import { say as aloud } from "./toasts.js";
import { count, meaning, t } from "./words.js";

const HOUR = 3_600_000;

/**
 * Make the card of a follow-up with what can be done.
 * @param {FollowUp} item
 * @param {() => void} reload
 * @returns {HTMLElement}
 */
export function followUpCard(item, reload) {
  const row = clone("t-follow-up", {
    name: item.contact_name ?? item.caller_name ?? t("somebody"), text: item.message, wish: item.preferred_time,
    due: item.status === "open" ? t(item.overdue ? "due_since" : "due_at", { when: moment(item.due_at) }) : null,
    snoozed: item.snoozed_until && Date.parse(item.snoozed_until) > now() ? t("snoozed_until", { when: moment(item.snoozed_until) }) : null,
    assignee: item.assignee_id === board.me.staff.id ? t("assigned_to_you") : item.assignee_name ? t("assigned_to", { name: item.assignee_name }) : null,
    missed: item.missed_calls ? count("missed_calls", item.missed_calls) : null,
    outcome: item.outcome, done: item.done_at ? t("done_at", { when: say("stamp", item.done_at) }) : null,
  });
  row.classList.toggle("overdue", item.overdue && item.status === "open");
  one(".urgency", row).textContent = meaning("urgency", item.urgency);
  one(".urgency", row).dataset.urgency = item.urgency;
  if (item.phone) one(".tel-place", row).append(callLink(item.phone));
  one(".actions", row).append(...actions(item, row, reload));
  return row;
}

/** @param {FollowUp} item @param {HTMLElement} row @param {() => void} reload @returns {HTMLElement[]} */
function actions(item, row, reload) {
  const { contact_id } = item;
  const person = contact_id ? [button(t("open_contact"), () => void openContact(contact_id))] : [];
  if (!may("staff") || item.status !== "open") return person;
  const path = `follow-ups/${item.id}`;
  /** @param {string} method @param {string} where @param {Record<string, any>} more */
  const act = (method, where, more) => attempt(row, async () => {
    await ask(method, where, { body: { version: item.version, ...more } });
    aloud(t("saved"));
    reload();
  });
  const mine = item.assignee_id === board.me.staff.id;
  return [
    button(t("done"), () => finish(row, (outcome) => void act("POST", `${path}/done`, { outcome })), "button primary"),
    button(t(mine ? "give_back" : "assign_to_me"), () => void act("PATCH", path, { assignee_id: mine ? null : board.me.staff.id })),
    snooze((until) => void act("PATCH", path, { snoozed_until: until })),
    ...(item.phone ? [button(t("nobody_answered"), () => void act("POST", `${path}/missed`, {}))] : []),
    ...person,
  ];
}

/** @param {HTMLElement} row @param {(outcome: string | undefined) => void} done */
function finish(row, done) {
  const form = clone("t-finish");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    done(field(form, "outcome").value.trim() || undefined);
  });
  one(".actions", row).replaceChildren(form);
  field(form, "outcome").focus();
}

/** @param {(until: string) => void} choose @returns {HTMLElement} */
function snooze(choose) {
  const morning = iso(instant(addDays(today(), 1), 9 * 60));
  /** @type {[string, string][]} */
  const times = [[iso(now() + HOUR), t("snooze_hour")], [iso(now() + 3 * HOUR), t("snooze_3_hours")], [morning, t("snooze_tomorrow")]];
  const select = el("select", { class: "button", "aria-label": t("snooze") }, el("option", { value: "" }, t("snooze")),
    ...times.map(([value, text]) => el("option", { value }, text)));
  select.addEventListener("change", () => select.value && choose(select.value));
  return select;
}
