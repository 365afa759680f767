// @ts-check
/** Single keys for what is done all day. They can be switched off (WCAG 2.1.4) and never fire while somebody writes. */

import { dialog } from "./dom.js";
import { preference } from "./preferences.js";

/**
 * Listen for keys.
 * @param {Record<string, (event: KeyboardEvent) => void>} actions by key
 */
export function setUpShortcuts(actions) {
  document.addEventListener("keydown", (event) => {
    if (!preference("shortcuts") || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("input, textarea, select, dialog:modal, [contenteditable]")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/** Show which keys there are. */
export function showKeys() {
  dialog("keys").showModal();
}
