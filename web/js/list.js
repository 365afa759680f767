// @ts-check
/** The day as a list: for small screens, for those who prefer it, and on paper. */

import { makeCard, span } from "./card.js";
import { now, say, sayDay } from "./clock.js";
import { button, clone, el } from "./dom.js";
import { shown } from "./range.js";
import { board, may, providers } from "./store.js";
import { phone } from "./phone.js";
import { meaning, t } from "./words.js";

/**
 * Draw the day's visits by time.
 * @param {HTMLElement} root
 * @param {() => void} book
 */
export function drawList(root, book) {
  const visits = shown(board.day);
  if (!visits.length) return root.replaceChildren(emptyDay(book));
  const several = !board.provider && providers().length > 1;
  const list = el("ol", { class: "day-list" }, ...visits.map((visit) => makeCard(visit, { provider: several, template: "t-row" })));
  root.replaceChildren(list);
}

/** @param {() => void} book @returns {HTMLElement} */
export function emptyDay(book) {
  const hidden = [...board.appointments.values()].length > 0;
  return el("div", { class: "empty" },
    el("p", { class: "empty-title" }, t(hidden ? "empty_filtered" : "empty_day")),
    el("p", {}, t(hidden ? "empty_filtered_more" : "empty_day_more")),
    may("staff") && !hidden && button(t("new_booking"), book, "button primary"));
}

/** Put the day on the sheet that is printed: a table for each provider. */
export function drawSheet() {
  const sheet = document.getElementById("sheet");
  if (!sheet) return;
  const visits = shown(board.day);
  const tables = board.me.providers.map((provider) => ({ provider, those: visits.filter((visit) => visit.provider_id === provider.id) }))
    .filter(({ those }) => those.length > 0).map(({ provider, those }) => table(provider.name, those));
  sheet.replaceChildren(
    el("h1", {}, `${board.me.org.name} · ${sayDay("full", board.day)}`),
    ...(tables.length ? tables : [el("p", {}, t("empty_day"))]),
    el("p", { class: "sheet-foot" }, t("printed_at", { when: say("stamp", now()) })));
}

/** @param {string} title @param {Appointment[]} visits @returns {HTMLElement} */
function table(title, visits) {
  const body = el("tbody", {}, ...visits.map((visit) => clone("t-sheet-row", {
    time: span(visit), name: visit.patient_name, phone: phone(visit.phone), service: visit.service_name,
    status: meaning("status", visit.status), notes: visit.notes,
  })));
  const head = el("tr", {}, ...[t("time"), t("patient"), t("phone"), t("service"), t("status"), t("notes")].map((each) => el("th", { scope: "col" }, each)));
  return el("table", {}, el("caption", {}, title), el("thead", {}, head), body);
}
