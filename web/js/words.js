// @ts-check
/** What the page says, in the clinic's language. */

import { en } from "./words_en.js";

/** @typedef {keyof typeof en} Key */

/** @type {Record<Key, string>} */
let words = en;

/**
 * Take the words of a language; the one the page has no words for stays English.
 * @param {string} language ISO 639, perhaps with a region
 */
export async function speak(language) {
  const spanish = language.toLowerCase().startsWith("es");
  words = spanish ? (await import("./words_es.js")).es : en;
  document.documentElement.lang = spanish ? "es" : "en";
}

/**
 * Say a sentence, with values where it has {names}.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Say a sentence about a number: its own words for one ("key_one"), others for the rest.
 * @param {"missed_calls" | "lead_calls" | "n_found" | "outside" | "more_events" | "minutes" | "segments"} key
 * @param {number} count
 * @returns {string}
 */
export function count(key, count) {
  return t(count === 1 ? `${key}_one` : key, { n: count });
}

/**
 * Return a text as the key of a sentence, or null if there is none.
 * @param {string} text
 * @returns {Key | null}
 */
export function known(text) {
  return Object.hasOwn(words, text) ? /** @type {Key} */ (text) : null;
}

/**
 * Say what a code of the server's means: the words we have for it, else the code itself, readable.
 * @param {string} family as in "status", "sms", "error"
 * @param {string | null | undefined} code
 * @returns {string}
 */
export function meaning(family, code) {
  if (!code) return "";
  const key = known(`${family}_${code.replaceAll(".", "_").replaceAll("-", "_")}`);
  return key === null ? code.replaceAll("_", " ") : t(key);
}
