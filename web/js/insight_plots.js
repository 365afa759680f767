// @ts-check
/** Which figures there are, how they are drawn, and what they add up to. */

import { addDays, monday, sayDay } from "./clock.js";
import { meaning, t } from "./words.js";

/** @typedef {import("./words.js").Key} Key */
/** @typedef {{ key: string, tone: string, of: (day: Figures) => number | null }} Part */
/** @typedef {{ key: string, kind: "stack" | "line", share?: boolean, parts: Part[], columns: string[] }} Plot columns: of its table */

const SOURCES = /** @type {const} */ (["voice", "staff", "patient", "calendar"]);

/** @param {string} key @param {string} tone @returns {Part} */
const figure = (key, tone) => ({ key, tone, of: (day) => /** @type {any} */ (day)[key] });

/** @type {Plot[]} */
export const PLOTS = [
  {
    key: "calls", kind: "stack", columns: ["calls", "calls_booked", "calls_transferred", "calls_missed", "conversion"],
    parts: [figure("calls_booked", "a"), { key: "calls_other", tone: "b", of: (day) => rest(day.calls, day.calls_booked, day.calls_transferred, day.calls_missed) },
      figure("calls_transferred", "c"), figure("calls_missed", "bad")],
  },
  {
    key: "bookings", kind: "stack", columns: ["bookings", ...SOURCES.map((each) => `by_${each}`)],
    parts: SOURCES.map((each, index) => ({ key: `by_${each}`, tone: "abcd"[index], of: (day) => day.bookings_by_source[each] ?? 0 })),
  },
  { key: "rates", kind: "line", share: true, columns: ["conversion", "no_show_rate"], parts: [figure("conversion", "a"), figure("no_show_rate", "bad")] },
  { key: "lost_visits", kind: "stack", columns: ["visits", "no_shows", "no_show_rate", "cancellations"], parts: [figure("cancellations", "c"), figure("no_shows", "bad")] },
  {
    key: "texts", kind: "stack", columns: ["texts_sent", "texts_delivered", "texts_failed", "replies", "segments", "cost_micros"],
    parts: [figure("texts_delivered", "a"), { key: "texts_other", tone: "b", of: (day) => rest(day.texts_sent, day.texts_delivered, day.texts_failed) }, figure("texts_failed", "bad")],
  },
  { key: "follow_ups", kind: "line", columns: ["follow_ups_opened", "follow_ups_done", "follow_ups_overdue"], parts: [figure("follow_ups_opened", "b"), figure("follow_ups_done", "a"), figure("follow_ups_overdue", "bad")] },
];

/** @param {number} all @param {...number} parts @returns {number} what no part has */
const rest = (all, ...parts) => Math.max(0, all - parts.reduce((sum, each) => sum + each, 0));

/**
 * Gather days into what fits the page: days, weeks or months, each with its name.
 * @param {Figures[]} days in order
 * @returns {{ label: string, title: string, figures: Figures }[]}
 */
export function gathered(days) {
  const whole = days.length > 200 ? "month" : days.length > 62 ? "week" : "day";
  /** @type {Map<string, Figures[]>} */
  const groups = new Map();
  for (const each of days) {
    const key = whole === "month" ? each.day.slice(0, 7) : whole === "week" ? monday(each.day) : each.day;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups].map(([key, those]) => ({ label: sayDay(whole === "month" ? "mon" : "brief", those[0].day), title: titleOf(whole, key, those), figures: those.length === 1 ? those[0] : added(those) }));
}

/** @param {string} whole @param {string} key @param {Figures[]} those @returns {string} */
function titleOf(whole, key, those) {
  if (whole === "day") return sayDay("date", key);
  if (whole === "month") return sayDay("month", `${key}-01`);
  return t("week_of", { day: sayDay("plain", those[0].day > key ? those[0].day : addDays(key, 0)) });
}

/** @param {Figures[]} days @returns {Figures} their sum; rates are reckoned anew */
function added(days) {
  const sum = /** @type {any} */ (structuredClone(days[0]));
  for (const day of days.slice(1)) {
    for (const [key, value] of Object.entries(day)) if (typeof value === "number") sum[key] = (sum[key] ?? 0) + value;
    for (const each of SOURCES) sum.bookings_by_source[each] = (sum.bookings_by_source[each] ?? 0) + (day.bookings_by_source[each] ?? 0);
  }
  return { ...sum, conversion: sum.calls ? sum.calls_booked / sum.calls : null, no_show_rate: sum.visits ? sum.no_shows / sum.visits : null };
}

/** @param {Figures} day @param {string} column @returns {number | null} */
export function value(day, column) {
  return column.startsWith("by_") ? (day.bookings_by_source[column.slice(3)] ?? 0) : /** @type {any} */ (day)[column];
}

/** @param {string} key of a figure @returns {string} */
export const nameOf = (key) => meaning("fig", key);
