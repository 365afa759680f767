// @ts-check
/** Finding, making and filling elements. Data gets onto the page as text nodes and properties, never as markup. */

import { known, t } from "./words.js";

/**
 * Return the one element a selector means.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement}
 */
export function one(selector, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`nothing on the page is ${selector}`);
  return found;
}

/**
 * Return an input, a select or a textarea by name.
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLInputElement}
 */
export function field(root, name) {
  return /** @type {HTMLInputElement} */ (one(`[name="${name}"]`, root));
}

/**
 * Return a dialog by id.
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
export function dialog(id) {
  return /** @type {HTMLDialogElement} */ (one(`#${id}`));
}

/**
 * Make an element; strings among the children become text. `on` holds listeners by event name.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * Copy a template of index.html, in the page's language, with the given texts in its data-f places.
 * @param {string} id
 * @param {Record<string, string | number | null | undefined>} [values]
 * @returns {HTMLElement}
 */
export function clone(id, values = {}) {
  const key = `${document.documentElement.lang} ${id}`;
  const made = ready.get(key) ?? prepare(id);
  ready.set(key, made);
  return put(/** @type {HTMLElement} */ (made.cloneNode(true)), values);
}

/** @type {Map<string, HTMLElement>} templates in a language, by both */
const ready = new Map();

/** @param {string} id @returns {HTMLElement} a template's content in the page's language */
function prepare(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${id} is empty`);
  translate(copy);
  return copy;
}

/**
 * Write texts into the places data-f names; null empties a place and hides it.
 * @template {HTMLElement} T
 * @param {T} root
 * @param {Record<string, string | number | null | undefined>} values
 * @returns {T}
 */
export function put(root, values) {
  for (const [name, value] of Object.entries(values)) {
    const empty = value === null || value === undefined || value === "";
    for (const place of root.querySelectorAll(`[data-f="${name}"]`)) {
      place.textContent = empty ? "" : String(value);
      if (place instanceof HTMLElement) place.hidden = empty;
    }
  }
  return root;
}

const TRANSLATED = { t: null, tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder" };

/**
 * Put everything marked data-t (text), data-t-label, data-t-title, data-t-placeholder into the page's language.
 * @param {HTMLElement} root
 */
export function translate(root) {
  const marked = [root, ...root.querySelectorAll("[data-t],[data-t-label],[data-t-title],[data-t-placeholder]")];
  for (const place of /** @type {HTMLElement[]} */ (marked)) {
    for (const [mark, attribute] of Object.entries(TRANSLATED)) {
      const key = known(place.dataset[mark] ?? "");
      if (key === null) continue;
      if (attribute === null) place.textContent = t(key);
      else place.setAttribute(attribute, t(key));
    }
  }
}

/**
 * Draw an icon of the sheet in index.html. It is decoration: say what it means beside it.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/**
 * Draw an icon with words only a screen reader says.
 * @param {string} name
 * @param {string} words
 * @returns {HTMLElement}
 */
export function sign(name, words) {
  return el("span", { class: "sign", title: words }, icon(name), el("span", { class: "unseen" }, `${words}. `));
}

/**
 * Make a button with a text and what it does.
 * @param {string} text
 * @param {() => void} act
 * @param {string} [kind] class names
 * @returns {HTMLButtonElement}
 */
export function button(text, act, kind = "button") {
  return el("button", { type: "button", class: kind, on: { click: act } }, text);
}

/**
 * Fill a select with choices.
 * @param {HTMLElement} select
 * @param {[string, string][]} choices value and text
 * @param {string} [chosen]
 */
export function choices(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
}
