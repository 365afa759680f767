// @ts-check
/** How long words are kept, who is to be called back without anybody asking, and what a text costs. */

import { ask, get } from "./api.js";
import { el } from "./dom.js";
import { group, labelled, savingForm, text } from "./forms.js";
import { meaning, t } from "./words.js";

const DAYS = ["transcript_days", "message_days", "recording_days"];
const RULES = ["call", "no_show", "failed_text", "cancelled_by_provider"];
const CURRENCIES = ["USD", "EUR", "GBP", "CAD", "AUD", "MXN"];

/** @typedef {Record<string, any>} Settings */

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawPrivacy(again) {
  const now = /** @type {Settings} */ (await get("settings"));
  const save = async (/** @type {Settings} */ changes) => {
    await ask("PATCH", "settings", { body: { version: now.version, ...changes } });
    await again();
  };
  return [kept(now, save), rules(now, save), price(now, save)];
}

/** @param {Settings} now @param {(changes: Settings) => Promise<void>} save */
function kept(now, save) {
  const fields = DAYS.map((name) => labelled(meaning("keep", name), name, { value: now[name], type: "number", min: 1, max: 3650, required: true }, meaning("keep_hint", name)));
  return group(t("keep_title"), el("p", { class: "hint" }, t("keep_hint")),
    savingForm(fields, t("save"), (form) => save(Object.fromEntries(DAYS.map((name) => [name, Number(text(form, name))]))), "form"));
}

/** @param {Settings} now @param {(changes: Settings) => Promise<void>} save */
function rules(now, save) {
  const boxes = RULES.map((rule) => el("label", { class: "check wide" }, el("input", { type: "checkbox", name: "rule", value: rule, checked: now.follow_up_rules.includes(rule) }), meaning("rule", rule)));
  return group(t("rules_title"), el("p", { class: "hint", id: "rules-hint" }, t("rules_hint")),
    savingForm([el("fieldset", { class: "wide", "aria-describedby": "rules-hint" }, el("legend", { class: "unseen" }, t("rules_title")), ...boxes)], t("save"),
      (form) => save({ follow_up_rules: form.getAll("rule").map(String) }), "form"));
}

/** @param {Settings} now @param {(changes: Settings) => Promise<void>} save */
function price(now, save) {
  const currencies = [...new Set([now.sms_price_currency, ...CURRENCIES])].map((each) => /** @type {[string, string]} */ ([each, each]));
  return group(t("price_title"), savingForm([
    labelled(t("price_segment"), "sms_segment_price_micros", { value: now.sms_segment_price_micros / 1_000_000, type: "number", min: 0, max: 10, step: "0.000001", required: true }, t("price_hint")),
    labelled(t("price_currency"), "sms_price_currency", { value: now.sms_price_currency, choices: currencies }),
  ], t("save"), (form) => save({
    sms_segment_price_micros: Math.round(Number(text(form, "sms_segment_price_micros")) * 1_000_000), sms_price_currency: text(form, "sms_price_currency"),
  }), "form"));
}
