// @ts-check
/** When whom can be booked, for the shading of the grid. The server decides; this only shows. */

import { get } from "./api.js";
import { iso, now, wall, weekday } from "./clock.js";
import { board, providers } from "./store.js";

/** @typedef {{ from: number, to: number }} Span minutes of the day */

const RECENT = 31 * 86_400_000; // the grid may show some weeks back

/** @type {Map<string, Hours[]>} */
let hours = new Map();
/** @type {Closure[]} */
let closures = [];

/** Fetch hours and closures anew; what cannot be had is shown as open. */
export async function loadOpening() {
  const lists = await Promise.all(board.me.providers.map(async ({ id }) => {
    const answer = await get(`hours/${id}`).catch(() => null);
    return /** @type {[string, Hours[]]} */ ([id, answer?.hours ?? []]);
  }));
  hours = new Map(lists);
  closures = await get("closures", { from: iso(now() - RECENT) }).then((answer) => answer.items, () => []);
}

/** @param {string} text "09:30" or "09:30:00" @returns {number} */
const minuteOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/**
 * Return the stretches of a day in which a provider sees patients.
 * @param {string} provider
 * @param {string} day
 * @returns {Span[]}
 */
export function openSpans(provider, day) {
  const own = hours.get(provider) ?? [];
  let spans = own.filter((each) => each.weekday === weekday(day)).map((each) => ({ from: minuteOf(each.opens), to: minuteOf(each.closes) }));
  for (const closure of closures) {
    if (closure.provider_id !== null && closure.provider_id !== provider) continue;
    const [from, to] = within(closure, day);
    if (from < to) spans = spans.flatMap((span) => without(span, from, to));
  }
  return spans;
}

/**
 * @param {Closure} closure
 * @param {string} day
 * @returns {[number, number]} the minutes of the day it takes; empty if from >= to
 */
function within(closure, day) {
  const starts = closure.starts_at ? wall(closure.starts_at) : { day: "", minute: 0 };
  const ends = closure.ends_at ? wall(closure.ends_at) : { day: "9999", minute: 0 };
  if (starts.day > day || ends.day < day) return [0, 0];
  return [starts.day < day ? 0 : starts.minute, ends.day > day ? 1440 : ends.minute];
}

/** @param {Span} span @param {number} from @param {number} to @returns {Span[]} */
function without(span, from, to) {
  return [{ from: span.from, to: Math.min(span.to, from) }, { from: Math.max(span.from, to), to: span.to }].filter((left) => left.from < left.to);
}

/**
 * Return the hours a grid of these days must show: opening hours and visits, whole hours.
 * @param {Span[]} visits
 * @param {string[]} days
 * @param {string[]} who provider ids
 * @returns {Span}
 */
export function visible(visits, days, who) {
  const spans = [...visits, ...days.flatMap((day) => who.flatMap((id) => openSpans(id, day)))];
  if (!spans.length) return { from: 540, to: 1020 };
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  return { from: Math.max(0, Math.floor(from / 60) * 60), to: Math.min(1440, Math.ceil(to / 60) * 60) };
}

/** @param {string} day @returns {boolean} whether anybody works then */
export const anyoneOpen = (day) => providers().some((each) => openSpans(each.id, day).length > 0);
