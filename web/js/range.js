// @ts-check
/** The days on the page and their appointments. */

import { all } from "./api.js";
import { addDays, instant, iso, monday, wall } from "./clock.js";
import { board, tell } from "./store.js";

let asked = 0;

/**
 * Show a day, in the chosen view.
 * @param {string} day
 * @returns {Promise<void>}
 */
export async function showDay(day) {
  board.day = day;
  const from = board.view === "week" ? monday(day) : day;
  const to = addDays(from, board.view === "week" ? 7 : 1);
  const known = from >= board.from && to <= board.to;
  if (!known) board.appointments = new Map();
  board.from = from;
  board.to = to;
  tell("range");
  await loadRange(known);
}

/**
 * Fetch all appointments of the days on the page; of several at once only the last counts.
 * @param {boolean} [quietly] what is shown stays until the answer is here
 */
export async function loadRange(quietly = true) {
  const mine = ++asked;
  const { from, to } = board;
  document.documentElement.toggleAttribute("data-loading", !quietly);
  try {
    const query = { from: iso(instant(from, 0)), to: iso(instant(to, 0)), limit: 500 };
    const items = /** @type {Appointment[]} */ (await all("appointments", query));
    if (mine !== asked) return;
    const newer = (/** @type {Appointment} */ got) => {
      const had = board.appointments.get(got.id);
      return had && had.version > got.version ? had : got;
    };
    board.appointments = new Map(items.map((each) => [each.id, newer(each)]));
    tell("appointments");
  } finally {
    if (mine === asked) document.documentElement.removeAttribute("data-loading");
  }
}

/**
 * Return what the filters let through of a day, or of all days on the page, by time.
 * @param {string} [day]
 * @returns {Appointment[]}
 */
export function shown(day) {
  const found = [];
  for (const visit of board.appointments.values()) {
    if (board.hidden.has(visit.status)) continue;
    if (board.provider && visit.provider_id !== board.provider) continue;
    const on = wall(visit.starts_at).day;
    if (day ? on === day : on >= board.from && on < board.to) found.push(visit);
  }
  return found.sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.id.localeCompare(b.id));
}
