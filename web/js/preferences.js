// @ts-check
/** What a person likes on this machine: theme, size, sound, notifications, shortcuts. Kept in local storage. */

import { field, one } from "./dom.js";
import { t } from "./words.js";

const KEEP = "frontdesk.preferences";

/** @typedef {{ theme: "" | "light" | "dark", wall: boolean, sound: boolean, notify: boolean, shortcuts: boolean, seen: Record<string, string> }} Preferences */

/** @type {Preferences} */
const kept = { theme: "", wall: false, sound: false, notify: false, shortcuts: true, seen: {} };
/** @type {AudioContext | null} */
let audio = null;

/**
 * @template {keyof Preferences} K
 * @param {K} name
 * @returns {Preferences[K]}
 */
export const preference = (name) => kept[name];

/**
 * @template {keyof Preferences} K
 * @param {K} name
 * @param {Preferences[K]} value
 */
export function prefer(name, value) {
  kept[name] = value;
  try {
    localStorage.setItem(KEEP, JSON.stringify(kept));
  } catch {
    // Storage is full or switched off: it holds until the page closes.
  }
}

/** Read what was kept and put it into effect. */
export function loadPreferences() {
  try {
    Object.assign(kept, JSON.parse(localStorage.getItem(KEEP) ?? "{}"));
  } catch {
    // Not ours, or no storage: the defaults stand.
  }
  apply();
}

function apply() {
  const { dataset } = document.documentElement;
  if (kept.theme) dataset.theme = kept.theme;
  else delete dataset.theme;
  document.documentElement.toggleAttribute("data-wall", kept.wall);
}

/** Bring the menu to life, once the page's language is known. */
export function setUpPreferences() {
  const menu = one("#menu");
  const theme = field(menu, "theme");
  theme.value = kept.theme;
  theme.addEventListener("change", () => {
    prefer("theme", /** @type {Preferences["theme"]} */ (theme.value));
    apply();
  });
  for (const name of /** @type {const} */ (["wall", "sound", "notify", "shortcuts"])) {
    const box = field(menu, name);
    box.checked = kept[name];
    box.addEventListener("change", () => void toggle(name, box));
  }
}

/** @param {"wall" | "sound" | "notify" | "shortcuts"} name @param {HTMLInputElement} box */
async function toggle(name, box) {
  const hint = one("#menu-hint");
  hint.textContent = "";
  if (name === "notify" && box.checked) {
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    if (answer !== "granted") {
      box.checked = false;
      hint.textContent = t("notify_denied");
    }
  }
  prefer(name, box.checked);
  apply();
  if (name === "sound" && box.checked) beep();
}

/** Two soft notes, if sounds are switched on and the browser lets us (after a first click). */
export function beep() {
  if (!kept.sound) return;
  audio ??= new AudioContext();
  const start = audio.currentTime + 0.02;
  for (const [note, when] of [[659, 0], [880, 0.14]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = note;
    volume.gain.setValueAtTime(0.0001, start + when);
    volume.gain.exponentialRampToValueAtTime(0.12, start + when + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + when + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(start + when);
    tone.stop(start + when + 0.4);
  }
}
