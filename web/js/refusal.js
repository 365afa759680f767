// @ts-check
/** A time that cannot be had: what is free nearby, and, as a second step with its reason, booking over it. */

import { Problem } from "./api.js";
import { button, clone, field, one } from "./dom.js";
import { moment } from "./moments.js";
import { explain } from "./problems.js";
import { providers } from "./store.js";

/**
 * Show a refusal if the problem is one that staff may overrule.
 * @param {HTMLElement} root
 * @param {unknown} problem
 * @param {{ choose: (slot: Slot) => void, overbook: (reason: string) => void }} then
 * @returns {boolean} whether it was shown
 */
export function showRefusal(root, problem, then) {
  if (!(problem instanceof Problem) || !Array.isArray(problem.body.alternatives)) return false;
  const shown = clone("t-refusal", { why: explain(problem) });
  const several = providers().length > 1;
  const offers = one(".offers", shown);
  offers.append(...problem.body.alternatives.slice(0, 5).map((slot) =>
    button(several ? `${moment(slot.starts_at)} · ${slot.provider_name}` : moment(slot.starts_at), () => then.choose(slot), "chip")));
  one(".offer-title", shown).hidden = problem.body.alternatives.length === 0;
  const reason = field(shown, "overbook_reason");
  one(".overbook-go", shown).addEventListener("click", () => {
    reason.required = true;
    if (reason.reportValidity()) then.overbook(reason.value.trim());
  });
  root.replaceChildren(shown);
  root.scrollIntoView({ block: "nearest" });
  shown.focus();
  return true;
}
