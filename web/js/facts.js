// @ts-check
/** What was said about a person, and where: it stands beside what staff entered, never in its place. */

import { sayDay, wall } from "./clock.js";
import { button, el } from "./dom.js";
import { meaning, t } from "./words.js";

/**
 * Show facts, each with its source.
 * @param {Fact[]} facts
 * @param {string} [here] the call that is shown anyway
 * @returns {HTMLElement | null} null: there are none
 */
export function factsList(facts, here = "") {
  if (!facts.length) return null;
  return el("dl", { class: "facts told-facts" }, ...facts.map((fact) => el("div", {},
    el("dt", {}, meaning("fact", fact.field)), el("dd", {}, valueOf(fact), " ", source(fact, here)))));
}

/** @param {Fact} fact @returns {string} */
function valueOf({ field, value }) {
  if (field === "new_patient") return t(value === "yes" ? "yes" : "no");
  if (field !== "language" || !/^[a-z]{2,3}(-\w+)*$/i.test(value)) return value;
  return new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(value) ?? value;
}

/** @param {Fact} fact @param {string} here @returns {HTMLElement | null} */
function source({ source, at }, here) {
  const [kind, id] = source.split(":");
  if (kind !== "call") return el("small", {}, t(kind === "staff" ? "fact_staff" : "fact_agent", { when: dayOf(at) }));
  if (id === here) return null;
  return button(t("fact_call", { when: dayOf(at) }), () => void import("./call_panel.js").then(({ openCall }) => openCall(id)), "link small");
}

/** @param {string} at @returns {string} */
const dayOf = (at) => sayDay("plain", wall(at).day);
