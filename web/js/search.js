// @ts-check
/** Finding a person by name or number, while typing. */

import { get } from "./api.js";
import { contactLine } from "./contact_panel.js";
import { el, field, one } from "./dom.js";
import { explain } from "./problems.js";
import { count, t } from "./words.js";

const PAUSE = 200; // milliseconds after the last letter

/** Bring the search field to life. */
export function setUpSearch() {
  const root = one("#search");
  const input = field(root, "q");
  const results = one("#results");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  let asking = new AbortController();

  const close = () => {
    results.hidden = true;
  };
  const find = async () => {
    asking.abort();
    asking = new AbortController();
    const q = input.value.trim();
    if (q.length < 2) return close();
    try {
      show(await get("contacts", { q, limit: 12 }, asking.signal));
    } catch (problem) {
      if (!asking.signal.aborted) results.replaceChildren(el("p", { class: "hint" }, explain(problem)));
    }
  };
  /** @param {Page<Contact>} page */
  const show = ({ items }) => {
    one("#found").textContent = items.length ? count("n_found", items.length) : t("none_found");
    results.replaceChildren(...(items.length ? items.map(contactLine) : [el("p", { class: "hint" }, t("none_found"))]));
    results.hidden = false;
  };

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void find(), PAUSE);
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    void find();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
      input.focus();
      event.stopPropagation();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event);
  });
  /** @param {KeyboardEvent} event */
  const step = (event) => {
    const stops = /** @type {HTMLElement[]} */ ([input, ...results.querySelectorAll("button")]);
    const next = stops[stops.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next || results.hidden) return;
    event.preventDefault();
    next.focus();
  };
  results.addEventListener("click", () => setTimeout(close, 0));
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !root.contains(event.target)) close();
  });
}
