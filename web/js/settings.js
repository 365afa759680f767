// @ts-check
/** The settings, for administrators: one part at a time. */

import { el, one } from "./dom.js";
import { explain } from "./problems.js";
import { may, on } from "./store.js";
import { t } from "./words.js";
import { drawClinic } from "./settings_clinic.js";
import { drawGoogle } from "./settings_google.js";
import { drawHours } from "./settings_hours.js";
import { drawPrivacy } from "./settings_privacy.js";
import { drawProviders, drawServices } from "./settings_people.js";
import { drawTeam } from "./settings_team.js";
import { drawTexts } from "./settings_texts.js";

/** @type {Record<string, { title: import("./words.js").Key, draw: (again: () => Promise<void>) => Promise<HTMLElement[]> }>} */
const PARTS = {
  clinic: { title: "set_clinic", draw: drawClinic }, providers: { title: "set_providers", draw: drawProviders },
  services: { title: "set_services", draw: drawServices }, hours: { title: "set_hours", draw: drawHours },
  texts: { title: "set_texts", draw: drawTexts }, google: { title: "set_google", draw: drawGoogle }, team: { title: "set_team", draw: drawTeam },
  privacy: { title: "set_privacy", draw: drawPrivacy },
};

let shown = "";
let asked = 0;

/**
 * Show a part of the settings.
 * @param {string} part
 */
export async function showSettings(part) {
  if (!may("admin")) return one("#settings-body").replaceChildren(el("p", { class: "empty" }, t("admins_only")));
  const key = part in PARTS ? part : "clinic";
  const isNew = shown !== key;
  shown = key;
  one("#settings-tabs").replaceChildren(...Object.entries(PARTS).map(([name, { title }]) =>
    el("a", { href: `#/settings/${name}`, "aria-current": name === key && "page" }, t(title))));
  if (isNew) one("#settings-body").replaceChildren();
  await draw();
}

/** Draw the part again, as after a change of it. */
async function draw() {
  const mine = ++asked;
  const body = one("#settings-body");
  try {
    const groups = await PARTS[shown].draw(draw);
    if (mine === asked) body.replaceChildren(...groups);
  } catch (problem) {
    if (mine === asked) body.replaceChildren(el("p", { class: "empty", role: "alert" }, explain(problem)));
  }
}

// Somebody else changed settings: shown at once, unless this person is in the middle of a form.
on("settings", () => {
  const body = one("#settings-body");
  if (shown && !one("#settings").hidden && !body.contains(document.activeElement)) void draw();
});
