// @ts-check
/** Handing the person a file. It is made here, or fetched with their token: a plain link would carry none. */

import { el } from "./dom.js";

const LATER = 60_000; // milliseconds the browser has to take it

/**
 * Let the browser save a text as a file.
 * @param {string} name
 * @param {string} type as in "text/csv"
 * @param {string} text
 */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), LATER);
}

/**
 * Write rows as CSV (RFC 4180), with the mark spreadsheets know UTF-8 by. What begins like a formula is told to be none.
 * @param {(string | number | null)[][]} rows
 * @returns {string}
 */
export function csv(rows) {
  return `\uFEFF${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** @param {string | number | null} value @returns {string} */
function cell(value) {
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value ?? "") ? `'${value}` : (value ?? "");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
