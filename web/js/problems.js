// @ts-check
/** What went wrong, in a sentence for people. */

import { Problem } from "./api.js";
import { el } from "./dom.js";
import { known, t } from "./words.js";

/**
 * Say why something did not work.
 * @param {unknown} problem
 * @returns {string}
 */
export function explain(problem) {
  if (!(problem instanceof Problem)) return t("problem_page");
  const ours = known(`problem_${problem.code.replaceAll(".", "_").replaceAll("-", "_")}`) ?? known(`problem_${problem.status}`);
  const { errors, detail } = problem.body;
  if (errors?.length) return errors.map((each) => each.message).join(" ");
  if (ours !== null) return t(ours);
  return detail ?? t("problem_other", { status: problem.status });
}

/**
 * Show a problem in a form: at the fields it names, and in its own place for the rest.
 * @param {HTMLElement} form
 * @param {unknown} problem null takes what was shown away
 */
export function showProblem(form, problem) {
  for (const old of form.querySelectorAll(".field-problem")) old.remove();
  for (const old of form.querySelectorAll("[aria-invalid]")) {
    old.removeAttribute("aria-invalid");
    old.removeAttribute("aria-describedby");
  }
  const place = form.querySelector(".form-problem");
  const errors = problem instanceof Problem ? (problem.body.errors ?? []) : [];
  const named = errors.filter((error) => atField(form, error));
  const rest = problem !== null && named.length < Math.max(errors.length, 1);
  if (place instanceof HTMLElement) {
    place.textContent = rest ? explain(problem) : "";
    place.hidden = !rest;
  }
  const first = form.querySelector("[aria-invalid]");
  if (first instanceof HTMLElement) first.focus();
}

/**
 * @param {HTMLElement} form
 * @param {{ field: string, message: string }} error
 * @returns {boolean} whether the form has such a field
 */
function atField(form, { field, message }) {
  const name = field.split(".").at(-1) ?? field;
  const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
  if (!(input instanceof HTMLElement) || input.closest("[hidden]")) return false;
  const id = `problem-${name}`;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
  (input.closest("label") ?? input).append(el("span", { class: "field-problem", id }, message));
  return true;
}

/**
 * Do something a person asked for: its button waits, a problem is shown.
 * @param {HTMLElement} form
 * @param {() => Promise<void>} work
 * @param {(problem: unknown) => boolean} [own] takes the problems it can show better
 */
export async function attempt(form, work, own = () => false) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  showProblem(form, null);
  try {
    await work();
  } catch (problem) {
    if (!own(problem)) showProblem(form, problem);
    if (!(problem instanceof Problem)) console.error(problem);
  } finally {
    form.ariaBusy = "false";
  }
}
