// @ts-check
/** The panel at the side: a visit or a person, one at a time, with a way back. */

import { dialog, one } from "./dom.js";

/** @typedef {{ key: string, title: string, body: HTMLElement, again: () => void }} View */

/** @type {View[]} */
let views = [];
/** @type {Element | null} what had the focus before */
let opener = null;

/** Prepare the panel, once. */
export function setUpPanel() {
  const box = dialog("panel");
  one(".panel-close", box).addEventListener("click", closePanel);
  one(".panel-back", box).addEventListener("click", () => {
    views.pop();
    views.pop()?.again();
  });
  box.addEventListener("close", () => {
    views = [];
    focusOpener();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) closePanel();
  });
}

/**
 * Show something. On narrow screens the panel takes them whole.
 * @param {View} view
 */
export function showPanel(view) {
  const box = dialog("panel");
  views = [...views.filter((each) => each.key !== view.key), view].slice(-8);
  if (!box.open) {
    opener = document.activeElement;
    if (matchMedia("(width < 60rem)").matches) box.showModal();
    else box.show();
  }
  one(".panel-title", box).textContent = view.title;
  one(".panel-back", box).hidden = views.length < 2;
  one(".panel-body", box).replaceChildren(view.body);
  one(".panel-body", box).scrollTop = 0;
  one(".panel-title", box).focus();
}

/** Close it; the focus goes back to where it came from. */
export function closePanel() {
  dialog("panel").close();
}

/** @returns {string} the key of what is shown, "" if closed */
export const panelKey = () => (dialog("panel").open ? (views.at(-1)?.key ?? "") : "");

/** @param {string} title */
export function retitle(title) {
  one(".panel-title", dialog("panel")).textContent = title;
}

/** The card may have been drawn anew since: its place is known by the visit's id. */
function focusOpener() {
  if (!(opener instanceof HTMLElement)) return;
  const { id } = opener.dataset;
  const now = opener.isConnected || !id ? opener : document.querySelector(`main [data-id="${CSS.escape(id)}"]`);
  if (now instanceof HTMLElement) now.focus();
}
