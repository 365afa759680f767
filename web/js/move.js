// @ts-check
/** Moving a visit: where a drag ends, and the way to do it without one. */

import { ask, Problem } from "./api.js";
import { span } from "./card.js";
import { say, wall } from "./clock.js";
import { clone, dialog, one, put } from "./dom.js";
import { place } from "./live.js";
import { moment } from "./moments.js";
import { makePicker } from "./picker.js";
import { attempt } from "./problems.js";
import { showRefusal } from "./refusal.js";
import { board } from "./store.js";
import { say as aloud } from "./toasts.js";
import { t } from "./words.js";

/** @type {Appointment} */
let visit;
/** @type {ReturnType<typeof makePicker>} */
let picker;

/** Prepare the dialog, once. */
export function setUpMove() {
  const box = dialog("move");
  one(".picker-place", box).replaceWith(clone("t-picker"));
  picker = makePicker(box, () => visit?.service_id ?? "");
  one("form", box).addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
}

/**
 * Ask where to.
 * @param {Appointment} which
 * @param {{ day: string, minute: number, provider: string }} [target] where it was dropped
 */
export function openMove(which, target) {
  visit = which;
  const box = dialog("move");
  const from = wall(which.starts_at);
  put(box, { name: which.patient_name, now: `${say("date", which.starts_at)}, ${span(which)} · ${which.provider_name}` });
  one(".refusal", box).replaceChildren();
  one(".form-problem", box).hidden = true;
  box.showModal();
  void picker.set(target ?? { day: from.day, provider: which.provider_id });
  if (target) one(".submit", box).focus();
}

/** @param {string} [reason] of overbooking */
async function submit(reason) {
  const box = dialog("move");
  const chosen = picker.chosen;
  await attempt(box, async () => {
    if (!chosen) throw new Problem(422, { code: "no_time_chosen" });
    const body = { version: visit.version, starts_at: chosen.starts_at, provider_id: chosen.provider_id ?? visit.provider_id, overbook_reason: reason };
    const moved = await ask("POST", `appointments/${visit.id}/move`, { body, key: crypto.randomUUID() });
    box.close(); // first: closing gives the focus back to a card that is about to be drawn anew
    place([moved]);
    refocus(moved.id);
    aloud(t("moved", { name: moved.patient_name, when: moment(moved.starts_at), provider: moved.provider_name }));
  }, (problem) => conflict(problem) || showRefusal(one(".refusal", box), problem, { choose: (slot) => void picker.take(slot), overbook: (why) => void submit(why) }));
}

/** @param {string} id of the visit; its card has the focus if nothing else has, also when it was drawn anew meanwhile */
function refocus(id) {
  const card = document.querySelector(`main [data-id="${CSS.escape(id)}"]`);
  if (document.activeElement === document.body && card instanceof HTMLElement) card.focus();
}

/**
 * Somebody was quicker: show what the visit is now, and let the person decide again.
 * @param {unknown} problem
 * @returns {boolean} false: show the problem as well
 */
function conflict(problem) {
  if (!(problem instanceof Problem) || !problem.body.current) return false;
  place([problem.body.current]);
  visit = board.appointments.get(visit.id) ?? visit;
  put(dialog("move"), { now: `${say("date", visit.starts_at)}, ${span(visit)} · ${visit.provider_name}` });
  void picker.refresh();
  return false;
}
