// @ts-check
/** Booking at the front desk: who, what for, when. */

import { ask, get, Problem } from "./api.js";
import { today } from "./clock.js";
import { choices, clone, dialog, field, one } from "./dom.js";
import { place } from "./live.js";
import { moment } from "./moments.js";
import { makePicker } from "./picker.js";
import { attempt } from "./problems.js";
import { showRefusal } from "./refusal.js";
import { board } from "./store.js";
import { say as aloud } from "./toasts.js";
import { t } from "./words.js";

/** @type {ReturnType<typeof makePicker>} */
let picker;
/** The key of what is in the form: pressing twice books once, a changed form is another booking. */
let sent = { text: "", key: "" };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let looking;

/** Prepare the dialog, once. */
export function setUpBooking() {
  const box = dialog("book");
  one(".picker-place", box).replaceWith(clone("t-picker"));
  picker = makePicker(box, () => field(box, "service_id").value);
  field(box, "service_id").addEventListener("change", () => {
    const { value } = field(box, "day");
    void picker.set({ day: value || today(), provider: field(box, "provider_id").value, any: true });
  });
  field(box, "phone").addEventListener("input", () => {
    clearTimeout(looking);
    looking = setTimeout(() => void recognise(box), 350);
  });
  one("form", box).addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
}

/**
 * Open the form.
 * @param {{ day?: string, minute?: number, provider?: string, contact?: Pick<Contact, "name" | "phone" | "email"> }} [start]
 */
export function openBooking(start = {}) {
  const box = dialog("book");
  /** @type {HTMLFormElement} */ (one("form", box)).reset();
  one(".refusal", box).replaceChildren();
  one(".known", box).textContent = "";
  one(".form-problem", box).hidden = true;
  const offered = board.me.services.filter((each) => each.active && (!start.provider || served(start.provider, each.id)));
  choices(field(box, "service_id"), offered.map((each) => [each.id, t("service_minutes", { name: each.name, n: each.duration_minutes })]));
  if (start.contact) {
    field(box, "phone").value = start.contact.phone;
    field(box, "patient_name").value = start.contact.name;
    field(box, "email").value = start.contact.email ?? "";
  }
  box.showModal();
  const day = start.day ?? (board.day >= today() ? board.day : today());
  void picker.set({ day, minute: start.minute, provider: start.provider ?? board.provider, any: true });
}

/** @param {string} provider @param {string} service */
const served = (provider, service) => board.me.providers.find((each) => each.id === provider)?.service_ids.includes(service) ?? true;

/**
 * Fill in who the number belongs to, where the fields are still empty.
 * @param {HTMLElement} box
 */
async function recognise(box) {
  const number = field(box, "phone").value.trim();
  const note = one(".known", box);
  note.textContent = "";
  if (number.replace(/\D/g, "").length < 7) return;
  const found = await get("contacts", { phone: number, limit: 1 }).then((answer) => answer.items[0], () => null);
  if (!found || field(box, "phone").value.trim() !== number) return;
  note.textContent = t("known_caller", { name: found.name });
  if (!field(box, "patient_name").value) field(box, "patient_name").value = found.name;
  if (!field(box, "email").value && found.email) field(box, "email").value = found.email;
}

/** @param {string} [reason] of overbooking */
async function submit(reason) {
  const box = dialog("book");
  await attempt(box, async () => {
    const chosen = picker.chosen;
    if (!chosen) throw new Problem(422, { code: "no_time_chosen" });
    const value = (/** @type {string} */ name) => field(box, name).value.trim() || null;
    const body = {
      patient_name: value("patient_name"), phone: value("phone"), email: value("email"), notes: value("notes"),
      service_id: value("service_id"), provider_id: chosen.provider_id, starts_at: chosen.starts_at,
      is_new_patient: field(box, "is_new_patient").checked || null, overbook_reason: reason,
    };
    const text = JSON.stringify(body);
    if (sent.text !== text) sent = { text, key: crypto.randomUUID() };
    const booked = await ask("POST", "appointments", { body, key: sent.key });
    place([booked]);
    box.close();
    aloud(t("booked", { name: booked.patient_name, when: moment(booked.starts_at), provider: booked.provider_name }));
  }, (problem) => showRefusal(one(".refusal", box), problem, { choose: (slot) => void picker.take(slot), overbook: (why) => void submit(why) }));
}
