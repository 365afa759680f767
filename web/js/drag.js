// @ts-check
/** Dragging a visit to another time with mouse or pen. The drop only asks: the move dialog has the last word. */

import { isLive, minutes } from "./card.js";
import { sayMinute, wall } from "./clock.js";
import { el } from "./dom.js";
import { bounds, place } from "./grid.js";
import { board, may } from "./store.js";

const FAR = 5; // pixels: less is a click

/** @typedef {{ day: string, minute: number, provider: string }} Target */

/**
 * Let visits be dragged.
 * @param {HTMLElement} root
 * @param {(visit: Appointment, target: Target) => void} drop
 */
export function dragVisits(root, drop) {
  root.addEventListener("pointerdown", (event) => {
    const card = event.target instanceof Element ? event.target.closest(".column .card") : null;
    const visit = card instanceof HTMLElement ? board.appointments.get(card.dataset.id ?? "") : null;
    // A finger scrolls; it moves visits by the dialog.
    if (!(card instanceof HTMLElement) || !visit || event.button !== 0 || event.pointerType === "touch") return;
    if (may("staff") && isLive(visit)) follow(root, event, card, visit, drop);
  });
}

/**
 * @param {HTMLElement} root
 * @param {PointerEvent} start
 * @param {HTMLElement} card
 * @param {Appointment} visit
 * @param {(visit: Appointment, target: Target) => void} drop
 */
function follow(root, start, card, visit, drop) {
  const grip = start.clientY - card.getBoundingClientRect().top;
  const outline = el("div", { class: "target", "aria-hidden": "true" });
  /** @type {Target | null} */
  let target = null;
  const stop = new AbortController();
  const end = () => {
    stop.abort();
    outline.remove();
    card.classList.remove("dragged");
    root.classList.remove("dragging");
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (!target && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < FAR) return;
    root.classList.add("dragging");
    card.classList.add("dragged");
    target = under(event, grip) ?? target;
    if (target) show(outline, target, visit);
  };
  const up = () => {
    end();
    if (!target) return;
    swallowClick();
    const now = wall(visit.starts_at);
    const same = target.day === now.day && target.minute === now.minute && (!target.provider || target.provider === visit.provider_id);
    if (!same) drop(visit, { ...target, provider: target.provider || visit.provider_id });
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
  };
  const { signal } = stop;
  addEventListener("pointermove", move, { signal });
  addEventListener("pointerup", up, { signal });
  addEventListener("pointercancel", end, { signal });
  addEventListener("keydown", key, { signal, capture: true });
}

/** The click that ends a drag is none. */
function swallowClick() {
  const swallow = (/** @type {Event} */ event) => event.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
}

/**
 * @param {PointerEvent} event
 * @param {number} [grip] pixels from the top of what is dragged to the pointer
 * @returns {Target | null} where in the schedule the pointer is, on the clinic's grid
 */
export function under(event, grip = 0) {
  const column = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.matches(".column"));
  if (!(column instanceof HTMLElement)) return null;
  const box = column.getBoundingClientRect();
  const { from, to } = bounds();
  const step = board.me.org.slot_grid_minutes || 15;
  const minute = from + ((event.clientY - grip - box.top) / box.height) * (to - from);
  const snapped = Math.round(minute / step) * step;
  return { day: column.dataset.day ?? "", minute: Math.min(Math.max(snapped, from), to - step), provider: column.dataset.provider ?? "" };
}

/** @param {HTMLElement} outline @param {Target} target @param {Appointment} visit */
function show(outline, target, visit) {
  const span = minutes(visit);
  outline.textContent = sayMinute(target.minute);
  place(outline, target.minute, target.minute + span.to - span.from);
  const column = [...document.querySelectorAll(".column")].find((each) =>
    each instanceof HTMLElement && each.dataset.day === target.day && each.dataset.provider === target.provider);
  if (column && outline.parentElement !== column) column.append(outline);
}
