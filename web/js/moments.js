// @ts-check
/** Instants as people say them: "today, 3 PM" rather than a date when it is near. */

import { addDays, say, today, wall } from "./clock.js";
import { t } from "./words.js";

/**
 * Write an instant: by name of the day if it is yesterday, today or tomorrow.
 * @param {number | string} at
 * @returns {string}
 */
export function moment(at) {
  const { day } = wall(at);
  const now = today();
  const time = say("time", at);
  if (day === now) return t("today_at", { time });
  if (day === addDays(now, 1)) return t("tomorrow_at", { time });
  if (day === addDays(now, -1)) return t("yesterday_at", { time });
  return say("moment", at);
}
