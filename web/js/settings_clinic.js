// @ts-check
/** What the clinic decides about itself, and the numbers it is reached by. */

import { ask, get, Problem } from "./api.js";
import { el } from "./dom.js";
import { group, labelled, savingForm, text } from "./forms.js";
import { callLink, phone } from "./phone.js";
import { t } from "./words.js";

const NUMBERS = ["minimum_notice_minutes", "booking_horizon_days", "slot_grid_minutes"];
const TEXTS = ["name", "language", "quiet_from", "quiet_until", "calendar_detail"];

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawClinic(again) {
  const [now, numbers] = await Promise.all([get("settings"), get("numbers")]);
  const fields = [
    labelled(t("set_name"), "name", { value: now.name, required: true, maxlength: 200 }),
    labelled(t("set_phone"), "front_desk_phone", { value: phone(now.front_desk_phone), type: "tel" }, t("set_phone_hint")),
    labelled(t("set_language"), "language", { value: now.language, choices: [["en", "English"], ["es", "Español"]] }, t("set_language_hint")),
    labelled(t("set_detail"), "calendar_detail", { value: now.calendar_detail, choices: [["code", t("detail_code")], ["initials", t("detail_initials")], ["name", t("detail_name")]] }, t("set_detail_hint")),
    labelled(t("set_notice"), "minimum_notice_minutes", { value: now.minimum_notice_minutes, type: "number", min: 0, max: 20160, required: true }, t("set_notice_hint")),
    labelled(t("set_horizon"), "booking_horizon_days", { value: now.booking_horizon_days, type: "number", min: 1, max: 730, required: true }),
    labelled(t("set_grid"), "slot_grid_minutes", { value: now.slot_grid_minutes, type: "number", min: 5, max: 240, required: true }, t("set_grid_hint")),
    labelled(t("set_reminders"), "reminder_minutes", { value: now.reminder_minutes.map((/** @type {number} */ each) => each / 60).join(", ") }, t("set_reminders_hint")),
    labelled(t("set_quiet_from"), "quiet_from", { value: now.quiet_from.slice(0, 5), type: "time", required: true }, t("set_quiet_hint")),
    labelled(t("set_quiet_until"), "quiet_until", { value: now.quiet_until.slice(0, 5), type: "time", required: true }),
  ];
  const form = savingForm(fields, t("save"), async (data) => {
    await ask("PATCH", "settings", { body: changed(now, data) });
    await again();
  }, "form");
  const lines = numbers.items.map((/** @type {any} */ each) => el("li", {},
    el("span", { class: "grow" }, each.kind === "calls" ? t("number_calls") : t("number_texts")), each.number ? callLink(each.number) : el("span", {}, t("no_number"))));
  return [group(t("set_clinic"), form), group(t("set_numbers"), el("ul", { class: "lines" }, ...lines), el("p", { class: "hint" }, t("set_numbers_hint", { zone: now.time_zone })))];
}

/**
 * Collect what was changed; the rest is left out, so that nobody else's change is undone.
 * @param {Record<string, any>} now
 * @param {FormData} data
 */
function changed(now, data) {
  /** @type {Record<string, any>} */
  const wanted = { front_desk_phone: text(data, "front_desk_phone") || null, reminder_minutes: reminders(text(data, "reminder_minutes")) };
  for (const name of NUMBERS) wanted[name] = Number(text(data, name));
  for (const name of TEXTS) wanted[name] = text(data, name);
  if (phone(now.front_desk_phone) === (wanted.front_desk_phone ?? "")) delete wanted.front_desk_phone;
  for (const [name, value] of Object.entries(wanted)) if (JSON.stringify(value) === JSON.stringify(now[name])) delete wanted[name];
  return { version: now.version, ...wanted };
}

/** @param {string} hours "24, 2" @returns {number[]} minutes */
function reminders(hours) {
  const all = hours.split(/[;\s]+|,\s*/).filter(Boolean).map((each) => Math.round(Number(each) * 60));
  if (all.some(Number.isNaN)) throw new Problem(422, { errors: [{ field: "reminder_minutes", message: t("set_reminders_hint") }] });
  return all;
}
