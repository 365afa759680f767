// @ts-check
/** The schedule: which days, whose, drawn how; and its bar of controls. */

import { openBooking } from "./book.js";
import { addDays, now, sayDay, today, wall } from "./clock.js";
import { choices, el, field, one } from "./dom.js";
import { dragVisits, under } from "./drag.js";
import { drawGrid, drawNow, patchGrid } from "./grid.js";
import { walkWithArrows } from "./grid_keys.js";
import { drawList, drawSheet } from "./list.js";
import { loadOpening } from "./opening.js";
import { openMove } from "./move.js";
import { explain } from "./problems.js";
import { showDay } from "./range.js";
import { go } from "./route.js";
import { board, may, on, providers } from "./store.js";
import { say as aloud } from "./toasts.js";
import { openVisit } from "./visit_panel.js";
import { meaning, t } from "./words.js";

/** @type {Status[]} */
const STATUSES = ["pending", "confirmed", "arrived", "completed", "no_show", "cancelled"];
let shownToday = "";

/** Bring the bar and the grid to life, once. */
export function setUpSchedule() {
  const root = one("#days");
  one("#earlier").addEventListener("click", () => step(-1));
  one("#later").addEventListener("click", () => step(1));
  one("#today").addEventListener("click", () => goTo(today()));
  field(document, "jump").addEventListener("change", (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    if (value) goTo(value);
  });
  for (const tab of document.querySelectorAll("button[data-view]")) {
    tab.addEventListener("click", () => go(`${/** @type {HTMLElement} */ (tab).dataset.view}/${board.day}`));
  }
  field(document, "who").addEventListener("change", (event) => {
    board.provider = /** @type {HTMLSelectElement} */ (event.target).value;
    draw();
  });
  one("#print").addEventListener("click", () => window.print());
  addEventListener("beforeprint", drawSheet);
  root.addEventListener("click", onClick);
  root.addEventListener("keydown", onKey);
  walkWithArrows(root);
  dragVisits(root, openMove);
  on("appointments", (ids) => (ids.size && board.view !== "list" ? patch(ids) : draw()));
  on("range", draw);
  on("me", drawFilters);
  on("settings", () => void loadOpening().then(draw));
  setInterval(minute, 20_000);
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = event.target instanceof Element ? event.target : null;
  const card = target?.closest(".card, .row");
  if (card instanceof HTMLElement && card.dataset.id) return void openVisit(card.dataset.id);
  const place = target?.closest(".column") && may("staff") ? under(/** @type {PointerEvent} */ (event)) : null;
  if (place) openBooking({ day: place.day, minute: place.minute, provider: place.provider });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const card = event.target instanceof Element ? event.target.closest(".card, .row") : null;
  if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey) return;
  const visit = card instanceof HTMLElement ? board.appointments.get(card.dataset.id ?? "") : null;
  if (!visit || !may("staff") || !["pending", "confirmed", "arrived"].includes(visit.status)) return;
  event.preventDefault();
  openMove(visit);
}

/**
 * Show a day in a view.
 * @param {"day" | "week" | "list" | ""} view "": the one that was
 * @param {string} day
 */
export async function showSchedule(view, day) {
  board.view = view || (matchMedia("(width < 48rem)").matches ? "list" : board.view);
  shownToday = day === today() ? day : "";
  try {
    await showDay(day);
  } catch (problem) {
    one("#days").replaceChildren(el("div", { class: "empty", role: "alert" }, el("p", { class: "empty-title" }, explain(problem)),
      el("button", { type: "button", class: "button", on: { click: () => void showSchedule(view, day) } }, t("try_again"))));
  }
}

/** @param {number} direction */
export function step(direction) {
  goTo(addDays(board.day, direction * (board.view === "week" ? 7 : 1)));
}

/** @param {string} day */
export function goTo(day) {
  go(`${board.view}/${day}`);
}

function draw() {
  if (!board.day) return;
  const root = one("#days");
  const week = board.view === "week";
  one("#day-title").textContent = week ? t("week_of", { day: sayDay("full", board.from) }) : sayDay("full", board.day);
  field(document, "jump").value = board.day;
  for (const tab of document.querySelectorAll("button[data-view]")) {
    tab.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (tab).dataset.view === board.view));
  }
  root.dataset.view = board.view;
  if (board.view === "list") drawList(root, () => openBooking());
  else drawGrid(root);
  drawTally();
}

/** @param {Set<string>} ids */
function patch(ids) {
  patchGrid(one("#days"), ids);
  drawTally();
}

/** The day in numbers, beside its title. */
function drawTally() {
  const visits = [...board.appointments.values()].filter((visit) => !board.provider || visit.provider_id === board.provider)
    .filter((visit) => board.view === "week" || wall(visit.starts_at).day === board.day);
  const tally = STATUSES.map((status) => [status, visits.filter((visit) => visit.status === status).length]).filter(([, many]) => many);
  one("#tally").textContent = tally.map(([status, many]) => `${many} ${meaning("tally", String(status))}`).join(" · ");
}

function drawFilters() {
  const all = providers();
  const who = field(document, "who");
  if (board.provider && !all.some((each) => each.id === board.provider)) board.provider = "";
  choices(who, [["", t("all_providers")], ...all.map((each) => /** @type {[string, string]} */ ([each.id, each.name]))], board.provider);
  one("#who").hidden = all.length < 2;
  const list = one("#statuses");
  list.replaceChildren(...STATUSES.map((status) => {
    const box = el("input", { type: "checkbox", value: status, checked: !board.hidden.has(status) });
    box.addEventListener("change", () => {
      if (box.checked) board.hidden.delete(status);
      else board.hidden.add(status);
      draw();
    });
    return el("label", { class: "check" }, box, meaning("status", status));
  }));
}

/** Each minute the line moves; at midnight a page left open on today goes on to the new today. */
function minute() {
  drawNow();
  if (shownToday && shownToday !== today() && !document.querySelector("dialog[open]")) {
    aloud(sayDay("full", wall(now()).day));
    goTo(today());
  }
}
