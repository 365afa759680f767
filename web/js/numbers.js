// @ts-check
/** Numbers as people of the clinic write them. */

import { board } from "./store.js";

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {Intl.NumberFormatOptions} options @returns {Intl.NumberFormat} */
function format(options) {
  const { language, region } = board.me.org;
  const key = `${language} ${region} ${JSON.stringify(options)}`;
  const made = formats.get(key) ?? new Intl.NumberFormat(`${language}-${region}`, options);
  formats.set(key, made);
  return made;
}

/** @param {number} value @returns {string} "1,204" */
export const number = (value) => format({ maximumFractionDigits: 0 }).format(value);

/** @param {number | null} share 0 to 1; null: of nothing @returns {string} "37%" */
export const percent = (share) => (share === null ? "–" : format({ style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 }).format(share));

/** @param {number} micros millionths of the currency @param {string} currency ISO 4217 @returns {string} "$1.25" */
export const money = (micros, currency) => format({ style: "currency", currency }).format(micros / 1_000_000);

/**
 * Write how long something took, or how far into it something was said.
 * @param {number | null | undefined} seconds
 * @returns {string} "4:05", "1:00:09"; "" where nobody knows
 */
export function length(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ each) => String(each).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
