// @ts-check
/** Phone numbers as people of a country write them. The wire has E.164 only. */

import { el } from "./dom.js";

/**
 * Write a number for reading.
 * @param {string | null | undefined} number E.164
 * @returns {string}
 */
export function phone(number) {
  if (!number) return "";
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american) return `(${american[1]}) ${american[2]}-${american[3]}`;
  return number.replace(/^(\+\d{2})(\d{3})(\d{3})(\d+)$/, "$1 $2 $3 $4");
}

/** @param {string} number E.164 @returns {HTMLElement} a link that calls it */
export const callLink = (number) => el("a", { href: `tel:${number}`, class: "tel" }, phone(number));
