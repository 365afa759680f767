// @ts-check
/** News at the edge of the page: a short note, perhaps a sound, perhaps a notification of the system's. */

import { button, clone, one } from "./dom.js";
import { beep, preference } from "./preferences.js";
import { isLoud, sentence, who } from "./sentences.js";
import { board } from "./store.js";
import { count, t } from "./words.js";
import { iconOf } from "./sentences.js";
import { icon } from "./dom.js";

const STAY = 9_000; // milliseconds
const AT_MOST = 4;
const MANY = 5; // more at once are told of as a number

/** @type {(event: BoardEvent) => void} */
let open = () => {};

/** @param {(event: BoardEvent) => void} opener shows what an event is about */
export function setUpToasts(opener) {
  open = opener;
}

/**
 * Say something a screen reader reads out when it has a moment, and that others see for a while.
 * @param {string} text
 */
export function say(text) {
  speak(text);
  show(clone("t-toast", { text, meta: null }), "check", null);
}

/** @param {string} text */
function speak(text) {
  const place = one("#said");
  // The same words again would not be a change, and not be read.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

/**
 * Tell of what others did.
 * @param {BoardEvent[]} events
 */
export async function announce(events) {
  const loud = events.filter(isLoud);
  if (!loud.length) return;
  beep();
  if (loud.length > MANY) return say(count("more_events", loud.length));
  for (const event of loud) {
    const text = await sentence(event);
    speak(text);
    show(clone("t-toast", { text, meta: who(event) }), iconOf(event.type), event);
    notify(text, event);
  }
}

/** @param {HTMLElement} toast @param {string} sign @param {BoardEvent | null} event */
function show(toast, sign, event) {
  const place = one("#toasts");
  one(".toast-icon", toast).append(icon(sign));
  one(".toast-close", toast).addEventListener("click", () => toast.remove());
  if (event && (event.appointment_id || event.contact_id || event.call_id)) {
    one(".toast-text", toast).append(button(t("show"), () => {
      toast.remove();
      open(event);
    }, "link"));
  }
  place.append(toast);
  while (place.children.length > AT_MOST) place.firstElementChild?.remove();
  const leave = () => setTimeout(() => (toast.matches(":hover, :focus-within") ? leave() : toast.remove()), STAY);
  leave();
}

/** @param {string} text @param {BoardEvent} event */
function notify(text, event) {
  if (!preference("notify") || document.visibilityState === "visible" || !("Notification" in window)) return;
  if (Notification.permission !== "granted") return;
  const shown = new Notification(board.me.org.name, { body: text, tag: `frontdesk-${event.seq}` });
  shown.onclick = () => {
    focus();
    open(event);
    shown.close();
  };
}
