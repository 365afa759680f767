// @ts-check
/**
 * The clinic's wall clock. Days are "2026-11-10", wall times are minutes since midnight, instants are milliseconds.
 * All arithmetic with days is done in UTC on the date alone, so no day is ever 23 or 25 hours long here.
 */

const DAY = 86_400_000;
const QUARTER = 900_000; // every zone's offset changes on a quarter of an hour

let zone = "UTC";
let locale = "en-US";
/** @type {Map<number, number>} */
let offsets = new Map();
/** @type {Map<string, Intl.DateTimeFormat>} */
let formats = new Map();
let ahead = 0;

/**
 * Work in a clinic's zone and language from now on.
 * @param {string} timeZone IANA
 * @param {string} language BCP 47
 */
export function setClock(timeZone, language) {
  zone = timeZone;
  locale = language;
  offsets = new Map();
  formats = new Map();
}

/**
 * Trust the server's clock rather than this machine's when they are more than a minute apart.
 * @param {string} serverTime ISO 8601
 */
export function setNow(serverTime) {
  const difference = Date.parse(serverTime) - Date.now();
  ahead = Math.abs(difference) > 60_000 ? difference : 0;
}

/** @returns {number} the instant it is now */
export function now() {
  return Date.now() + ahead;
}

/**
 * @param {number} at instant
 * @returns {number} how far the zone is ahead of UTC then, in milliseconds
 */
function offset(at) {
  const bucket = Math.floor(at / QUARTER);
  let found = offsets.get(bucket);
  if (found === undefined) {
    /** @type {Record<string, number>} */
    const part = {};
    for (const { type, value } of format("offset").formatToParts(bucket * QUARTER)) part[type] = Number(value);
    const wall = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
    found = wall - bucket * QUARTER;
    offsets.set(bucket, found);
  }
  return found;
}

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const STYLES = {
  offset: {
    calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  },
  time: { hour: "numeric", minute: "2-digit" },
  moment: { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  stamp: { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
  date: { weekday: "long", month: "long", day: "numeric" },
  full: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
  short: { weekday: "short", day: "numeric" },
  plain: { year: "numeric", month: "short", day: "numeric" },
  month: { month: "long", year: "numeric" },
  brief: { month: "short", day: "numeric" },
  mon: { month: "short" },
  weekday: { weekday: "long" },
  hour: { hour: "numeric" },
};

/**
 * @param {string} style
 * @param {string} [timeZone]
 * @returns {Intl.DateTimeFormat}
 */
function format(style, timeZone = zone) {
  const key = `${style} ${timeZone}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(style === "offset" ? "en-US" : locale, { ...STYLES[style], timeZone });
    formats.set(key, made);
  }
  return made;
}

/**
 * Return the day and the minute of it that the clinic's clock shows.
 * @param {number | string} at instant
 * @returns {{ day: string, minute: number }}
 */
export function wall(at) {
  const instant = typeof at === "string" ? Date.parse(at) : at;
  const shown = instant + offset(instant);
  return { day: new Date(shown).toISOString().slice(0, 10), minute: Math.floor((((shown % DAY) + DAY) % DAY) / 60_000) };
}

/**
 * Return the instant of a wall time. A time that the clock skips (spring) is the same distance after the gap's
 * beginning; of a time that comes twice (autumn) it is the first.
 * @param {string} day
 * @param {number} minute
 * @returns {number}
 */
export function instant(day, minute) {
  const shown = Date.parse(`${day}T00:00:00Z`) + minute * 60_000;
  const before = shown - offset(shown - DAY);
  const after = shown - offset(shown + DAY);
  const real = [before, after].filter((at) => at + offset(at) === shown);
  return real.length ? Math.min(...real) : before;
}

/**
 * Return the instant a form's date and time mean.
 * @param {string} day
 * @param {string} time "15:30"
 * @returns {number}
 */
export function instantOf(day, time) {
  const [hours, minutes] = time.split(":").map(Number);
  return instant(day, hours * 60 + minutes);
}

/** @param {number} at @returns {string} ISO 8601 in UTC, as the API takes it */
export const iso = (at) => new Date(at).toISOString();
/** @returns {string} the clinic's day today */
export const today = () => wall(now()).day;
/** @param {string} day @param {number} count @returns {string} */
export const addDays = (day, count) => new Date(Date.parse(`${day}T00:00Z`) + count * DAY).toISOString().slice(0, 10);
/** @param {string} day @returns {number} 1 is Monday */
export const weekday = (day) => new Date(`${day}T00:00Z`).getUTCDay() || 7;
/** @param {string} day @returns {string} the Monday of its week */
export const monday = (day) => addDays(day, 1 - weekday(day));
/** @param {number} minute @returns {string} "09:05", for time inputs */
export const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
/** @param {string} day @returns {boolean} whether it is written as a day and exists */
export const isDay = (day) => /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00Z`));

/**
 * Write an instant in the clinic's language.
 * @param {"time" | "moment" | "stamp" | "date"} style
 * @param {number | string} at
 * @returns {string}
 */
export function say(style, at) {
  return format(style).format(typeof at === "string" ? Date.parse(at) : at);
}

/**
 * Write a day in the clinic's language.
 * @param {"date" | "full" | "short" | "plain" | "month" | "weekday" | "brief" | "mon"} style
 * @param {string} day
 * @returns {string}
 */
export function sayDay(style, day) {
  return format(style, "UTC").format(Date.parse(`${day}T00:00Z`));
}

/** @param {number} minute @returns {string} a wall time: "3 PM", "15:00" */
export const sayMinute = (minute) => format(minute % 60 ? "time" : "hour", "UTC").format(minute * 60_000);
