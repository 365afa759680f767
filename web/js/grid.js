// @ts-check
/** The schedule as columns of the wall clock: providers side by side, or the days of a week. */

import { makeCard, minutes } from "./card.js";
import { addDays, now, sayDay, sayMinute, today, wall, weekday } from "./clock.js";
import { el, one } from "./dom.js";
import { lanes } from "./lanes.js";
import { anyoneOpen, openSpans, visible } from "./opening.js";
import { shown } from "./range.js";
import { board, providers } from "./store.js";
import { t } from "./words.js";

/** @typedef {{ key: string, day: string, provider: string, title: string, box: HTMLElement, list: HTMLElement }} Column */

/** @type {Column[]} */
let columns = [];
let from = 0;
let to = 0;

/** @returns {{ from: number, to: number }} the minutes of the day the grid shows */
export const bounds = () => ({ from, to });

/** @param {Appointment} visit @returns {string} the key of the column it belongs to */
function keyOf(visit) {
  return board.view === "week" ? wall(visit.starts_at).day : visit.provider_id;
}

/** @returns {Omit<Column, "box" | "list">[]} */
function wanted() {
  const visits = shown();
  if (board.view === "week") {
    const days = [0, 1, 2, 3, 4, 5, 6].map((each) => addDays(board.from, each));
    const busy = new Set(visits.map(keyOf));
    return days.filter((day) => weekday(day) < 6 || busy.has(day) || anyoneOpen(day))
      .map((day) => ({ key: day, day, provider: board.provider, title: sayDay("short", day) }));
  }
  const busy = new Set(visits.map(keyOf));
  const those = board.me.providers.filter((each) => (each.active || busy.has(each.id)) && (!board.provider || each.id === board.provider));
  return those.map((each) => ({ key: each.id, day: board.day, provider: each.id, title: each.name }));
}

/**
 * Draw the whole grid.
 * @param {HTMLElement} root
 */
export function drawGrid(root) {
  const plan = wanted();
  const who = board.provider ? [board.provider] : providers().map((each) => each.id);
  const spans = shown().map(minutes);
  ({ from, to } = visible(spans, [...new Set(plan.map((each) => each.day))], who));
  const heads = el("div", { class: "heads" }, el("span", { class: "corner" }));
  const body = el("div", { class: "columns" }, hoursOf());
  columns = plan.map((each, index) => {
    const id = `column-${index}`;
    heads.append(el("h3", { class: "head", id, "data-today": each.day === today() && board.view === "week" },
      each.title, el("small", { "data-count": each.key })));
    const list = el("ol", { class: "visits" });
    const box = el("section", { class: "column", "aria-labelledby": id, "data-day": each.day, "data-provider": each.provider }, ...shading(each), list);
    body.append(box);
    return { ...each, box, list };
  });
  const grid = el("div", { class: "grid" }, heads, body);
  grid.style.setProperty("--columns", String(columns.length));
  grid.style.setProperty("--from", String(from));
  grid.style.setProperty("--to", String(to));
  root.replaceChildren(grid);
  fill(columns);
  drawNow();
}

function hoursOf() {
  const hours = el("div", { class: "hours", "aria-hidden": "true" });
  for (let minute = from; minute < to; minute += 60) {
    const mark = el("span", {}, sayMinute(minute));
    mark.style.setProperty("--at", String(minute));
    hours.append(mark);
  }
  return hours;
}

/** @param {{ day: string, provider: string }} column @returns {HTMLElement[]} */
function shading({ day, provider }) {
  const who = provider ? [provider] : providers().map((each) => each.id);
  return who.flatMap((id) => openSpans(id, day)).map((span) => {
    const box = el("div", { class: "open" });
    place(box, Math.max(span.from, from), Math.min(span.to, to));
    return box;
  });
}

/** @param {HTMLElement} box @param {number} start @param {number} end minutes of the day */
export function place(box, start, end) {
  box.style.setProperty("--start", String(start));
  box.style.setProperty("--end", String(end));
}

/** @param {Column[]} those */
function fill(those) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.id : undefined;
  const all = shown();
  for (const column of those) {
    const visits = all.filter((visit) => keyOf(visit) === column.key);
    const spans = visits.map(minutes);
    const places = lanes(spans.map((span) => ({ start: span.from, end: span.to })));
    column.list.replaceChildren(...visits.map((visit, index) => {
      const item = makeCard(visit, { provider: board.view === "week" && !board.provider && providers().length > 1 });
      place(item, spans[index].from, spans[index].to);
      item.style.setProperty("--lane", String(places[index].lane));
      item.style.setProperty("--lanes", String(places[index].lanes));
      return item;
    }));
    one(`[data-count="${column.key}"]`).textContent = t(visits.length === 1 ? "n_visits_one" : "n_visits", { n: visits.length });
  }
  rove(focused);
}

/**
 * Keep one card in the tab order: the one that has it, else the first.
 * @param {string} [focused] the card that had the focus before it was drawn anew
 */
function rove(focused) {
  const cards = columns.flatMap((column) => [...column.list.querySelectorAll(".card")]);
  const keep = cards.find((card) => /** @type {HTMLElement} */ (card).dataset.id === focused) ?? cards[0];
  for (const card of cards) /** @type {HTMLElement} */ (card).tabIndex = card === keep ? 0 : -1;
  if (focused && keep instanceof HTMLElement && keep.dataset.id === focused) keep.focus({ preventScroll: true });
}

/**
 * Draw again only the columns these visits are in, or were in.
 * @param {HTMLElement} root
 * @param {Set<string>} ids
 */
export function patchGrid(root, ids) {
  const visits = [...ids].map((id) => board.appointments.get(id)).filter((visit) => visit !== undefined);
  const fits = visits.every((visit) => {
    const span = minutes(visit);
    const here = !shown(wall(visit.starts_at).day).includes(visit) || columns.some((column) => column.key === keyOf(visit));
    return here && ((span.from >= from && span.to <= to) || wall(visit.starts_at).day !== board.day);
  });
  if (!fits) return drawGrid(root);
  const keys = new Set(visits.map(keyOf));
  fill(columns.filter((column) => keys.has(column.key) || [...ids].some((id) => column.list.querySelector(`[data-id="${CSS.escape(id)}"]`))));
  for (const id of ids) root.querySelector(`[data-id="${CSS.escape(id)}"]`)?.classList.add("fresh");
  drawNow();
}

/** Draw the line of this minute, where today is on the page. */
export function drawNow() {
  const { day, minute } = wall(now());
  for (const column of columns) {
    column.box.querySelector(".now")?.remove();
    if (column.day !== day || minute < from || minute > to) continue;
    const line = el("div", { class: "now", "aria-hidden": "true" });
    line.style.setProperty("--start", String(minute));
    column.box.append(line);
  }
}
