// @ts-check
/** Small forms for the settings: labelled fields, and a form that saves. */

import { button, el } from "./dom.js";
import { attempt } from "./problems.js";
import { say } from "./toasts.js";
import { t } from "./words.js";

/**
 * Make a labelled field.
 * @param {string} text
 * @param {string} name
 * @param {Record<string, any>} [attributes] of the input; `choices` makes it a select
 * @param {string} [hint]
 * @returns {HTMLLabelElement}
 */
export function labelled(text, name, { choices, value = "", ...attributes } = {}, hint = "") {
  const input = choices
    ? el("select", { name, ...attributes }, ...choices.map((/** @type {[string, string]} */ [key, words]) => el("option", { value: key, selected: key === String(value) }, words)))
    : el(attributes.type === "textarea" ? "textarea" : "input", { name, autocomplete: "off", ...attributes });
  if (!choices) input.value = String(value ?? "");
  return el("label", {}, el("span", {}, text), input, hint && el("span", { class: "hint" }, hint));
}

/**
 * Make a group of settings with a title.
 * @param {string} title
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function group(title, ...children) {
  return el("section", { class: "group" }, el("h3", {}, title), ...children);
}

/**
 * Make a form that saves what it holds.
 * @param {Node[]} fields
 * @param {string} action what its button says
 * @param {(form: FormData) => Promise<string | void>} save may return what to say instead of "Saved."
 * @param {string} [kind] class names
 * @returns {HTMLFormElement}
 */
export function savingForm(fields, action, save, kind = "inline") {
  const problem = el("p", { class: "form-problem wide", role: "alert", hidden: true });
  const form = el("form", { class: kind }, ...fields, el("button", { type: "submit", class: "button primary" }, action), problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(form, async () => say((await save(new FormData(form))) || t("saved")));
  });
  return form;
}

/**
 * Make a button that does something at once, in a row that shows what went wrong.
 * @param {string} text
 * @param {() => Promise<string | void>} act
 * @param {string} [kind]
 * @returns {HTMLElement}
 */
export function doing(text, act, kind = "button") {
  const made = button(text, () => {
    const row = made.closest("li, section");
    if (!(row instanceof HTMLElement)) return;
    if (!row.querySelector(".form-problem")) row.append(el("p", { class: "form-problem", role: "alert", hidden: true }));
    void attempt(row, async () => say((await act()) || t("saved")));
  }, kind);
  return made;
}

/**
 * Make a button that asks once more before it does something that others will notice.
 * @param {string} text
 * @param {string} sure
 * @param {() => Promise<string | void>} act
 * @returns {HTMLElement}
 */
export function doingForSure(text, sure, act) {
  const place = el("span", { class: "sure" });
  const ask = () => {
    const yes = doing(sure, act, "button danger");
    place.replaceChildren(yes, button(t("never_mind"), rest));
    yes.focus();
  };
  const rest = () => place.replaceChildren(button(text, ask));
  rest();
  return place;
}

/**
 * @param {FormData} form
 * @param {string} name
 * @returns {string} a field's text, trimmed
 */
export const text = (form, name) => String(form.get(name) ?? "").trim();
