// @ts-check
/** Opening hours of each provider, and when the clinic is closed. */

import { ask, get, Problem } from "./api.js";
import { addDays, instantOf, iso, say, sayDay } from "./clock.js";
import { el, field } from "./dom.js";
import { doing, group, labelled, savingForm, text } from "./forms.js";
import { outside } from "./settings_people.js";
import { providers } from "./store.js";
import { t } from "./words.js";

const MONDAY = "2024-01-01"; // any Monday: for the names of weekdays
const SPAN = /^(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)$/;

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawHours(again) {
  const weeks = await Promise.all(providers().map((each) => get(`hours/${each.id}`)));
  const closures = await get("closures");
  const forms = providers().map((provider, index) => group(provider.name, weekForm(provider, weeks[index], again)));
  const lines = closures.items.map((/** @type {any} */ each) => closureLine(each, again));
  return [...forms, group(t("closures"), lines.length ? el("ul", { class: "lines" }, ...lines) : el("p", { class: "hint" }, t("no_closures"))), group(t("add_closure"), closureForm(again))];
}

/** @param {Provider} provider @param {{ version: number, hours: Hours[] }} week @param {() => Promise<void>} again */
function weekForm(provider, week, again) {
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => {
    const spans = week.hours.filter((each) => each.weekday === day).map((each) => `${each.opens.slice(0, 5)}–${each.closes.slice(0, 5)}`).join(", ");
    const name = sayDay("weekday", addDays(MONDAY, day - 1));
    return el("li", {}, el("span", {}, name), el("label", {}, el("span", { class: "unseen" }, `${name}: ${t("hours_of")}`),
      Object.assign(el("input", { name: `day-${day}`, placeholder: t("closed"), autocomplete: "off" }), { value: spans })));
  });
  return savingForm([el("ul", { class: "days-of-week" }, ...days), el("p", { class: "hint" }, t("hours_hint"))], t("save"), async (data) => {
    const hours = [1, 2, 3, 4, 5, 6, 7].flatMap((day) => spansOf(text(data, `day-${day}`), day));
    const told = await ask("PUT", `hours/${provider.id}`, { body: { version: week.version, hours } });
    await again();
    return outside(told);
  }, "group-form");
}

/** @param {string} words "09:00–12:00, 13:00–17:00" @param {number} weekday @returns {Hours[]} */
function spansOf(words, weekday) {
  return words.split(",").map((each) => each.trim()).filter(Boolean).map((each) => {
    const found = SPAN.exec(each);
    if (!found) throw new Problem(422, { errors: [{ field: `day-${weekday}`, message: t("hours_hint") }] });
    return { weekday, opens: found[1].padStart(5, "0"), closes: found[2].padStart(5, "0") };
  });
}

/** @param {any} closure @param {() => Promise<void>} again @returns {HTMLElement} */
function closureLine(closure, again) {
  const from = closure.starts_at ? say("stamp", closure.starts_at) : "…";
  const until = closure.ends_at ? say("stamp", closure.ends_at) : "…";
  return el("li", {}, el("span", { class: "grow" }, el("strong", {}, closure.reason || t("closed")), el("small", {}, `${from} – ${until} · ${closure.provider_name ?? t("whole_clinic")}`)),
    doing(t("remove"), async () => {
      await ask("DELETE", `closures/${closure.id}`);
      await again();
    }));
}

/** @param {() => Promise<void>} again @returns {HTMLFormElement} */
function closureForm(again) {
  /** @type {[string, string][]} */
  const who = [["", t("whole_clinic")], ...providers().map((each) => /** @type {[string, string]} */ ([each.id, each.name]))];
  const form = savingForm([
    labelled(t("from_day"), "from_day", { type: "date", required: true }), labelled(t("from_time"), "from_time", { type: "time", value: "00:00", required: true }),
    labelled(t("until_day"), "until_day", { type: "date", required: true }), labelled(t("until_time"), "until_time", { type: "time", value: "23:59", required: true }),
    labelled(t("provider"), "provider_id", { choices: who }), labelled(t("reason_optional"), "reason", { maxlength: 200 }),
  ], t("add"), async (data) => {
    const ends = text(data, "until_time") === "23:59" ? instantOf(addDays(text(data, "until_day"), 1), "00:00") : instantOf(text(data, "until_day"), text(data, "until_time"));
    const body = { starts_at: iso(instantOf(text(data, "from_day"), text(data, "from_time"))), ends_at: iso(ends), provider_id: text(data, "provider_id") || null, reason: text(data, "reason") };
    const told = await ask("POST", "closures", { body, key: crypto.randomUUID() });
    await again();
    return outside(told);
  }, "form");
  field(form, "from_day").addEventListener("change", () => {
    if (!field(form, "until_day").value) field(form, "until_day").value = field(form, "from_day").value;
  });
  return form;
}
