// @ts-check
/** The page's address: which view, which day. Nothing personal is ever in it. */

import { isDay, today } from "./clock.js";

/** @typedef {{ place: "schedule" | "inbox" | "calls" | "insight" | "activity" | "settings", part: string, day: string }} Route */

/** @returns {Route} */
export function route() {
  const [place, part = ""] = location.hash.replace(/^#\/?/, "").split("/");
  if (place === "inbox" || place === "calls" || place === "insight" || place === "activity" || place === "settings") return { place, part, day: "" };
  const view = place === "week" || place === "list" || place === "day" ? place : "";
  return { place: "schedule", part: view, day: isDay(part) ? part : today() };
}

/** @param {string} path as in "week/2026-11-10" */
export function go(path) {
  location.hash = `#/${path}`;
}
