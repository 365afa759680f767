// @ts-check
/** The clinic's Google account, and which calendar is whose. */

import { ask, get } from "./api.js";
import { say } from "./clock.js";
import { el } from "./dom.js";
import { doing, doingForSure, group } from "./forms.js";
import { providers } from "./store.js";
import { meaning, t } from "./words.js";

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawGoogle(again) {
  const { connection, items } = await get("calendars");
  const connected = connection.status === "connected";
  const choices = connected ? await get("/api/google/calendars").then((answer) => answer.items, () => []) : [];
  const state = el("p", {}, el("strong", {}, meaning("google", connection.status)), connection.account_email && ` · ${connection.account_email}`,
    connection.reason && ` · ${meaning("error", connection.reason)}`);
  const account = group(t("google_account"), state, el("div", { class: "actions" },
    doing(t(connected ? "connect_other" : "connect_google"), connect, connected ? "button" : "button primary"),
    connection.status !== "disconnected" && doingForSure(t("disconnect"), t("disconnect_sure"), async () => {
      await ask("POST", "/api/google/disconnect");
      await again();
    })), el("p", { class: "hint" }, t("google_hint")));
  if (connection.status === "disconnected") return [account];
  const lines = providers().map((provider) => calendarLine(provider, items.find((/** @type {any} */ each) => each.provider_id === provider.id), choices, again));
  return [account, group(t("whose_calendar"), el("ul", { class: "lines" }, ...lines))];
}

/** The server sets a cookie and says where to go; Google sends the person back to the board. */
async function connect() {
  const { url } = await get("/api/google/connect");
  location.assign(url);
  return t("going_to_google");
}

/** @param {Provider} provider @param {any} calendar @param {any[]} choices @param {() => Promise<void>} again @returns {HTMLElement} */
function calendarLine(provider, calendar, choices, again) {
  const select = el("select", { "aria-label": t("calendar_of", { name: provider.name }) }, el("option", { value: "" }, t("no_calendar")),
    ...known(calendar, choices).map((each) => el("option", { value: each.id, selected: each.id === calendar?.google_calendar_id }, each.summary || each.id)));
  const save = async () => {
    const chosen = choices.find((each) => each.id === select.value);
    if (select.value === (calendar?.google_calendar_id ?? "")) return;
    if (!select.value) await ask("DELETE", `calendars/${provider.id}`);
    else await ask("PUT", `calendars/${provider.id}`, { body: { google_calendar_id: select.value, summary: chosen?.summary ?? "" } });
    await again();
  };
  const state = calendar ? `${meaning("cal", calendar.status)}${calendar.synced_at ? ` · ${t("synced_at", { when: say("stamp", calendar.synced_at) })}` : ""}` : t("no_calendar");
  return el("li", {}, el("span", { class: "grow" }, el("strong", {}, provider.name), el("small", {}, state)), select, doing(t("save"), save));
}

/** @param {any} calendar @param {any[]} choices @returns {any[]} Google's list, with the present one even if Google hides it */
function known(calendar, choices) {
  if (!calendar || choices.some((each) => each.id === calendar.google_calendar_id)) return choices;
  return [{ id: calendar.google_calendar_id, summary: calendar.summary }, ...choices];
}
