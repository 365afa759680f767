// @ts-check
/** Walking the schedule with the arrow keys: up and down in a column, left and right to the nearest hour beside. */

/**
 * Let the arrow keys move the focus from card to card.
 * @param {HTMLElement} root
 */
export function walkWithArrows(root) {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const here = event.target instanceof Element ? event.target.closest(".card") : null;
    const next = here instanceof HTMLElement ? neighbour(root, here, event.key) : entry(root, event);
    if (!next) return;
    event.preventDefault();
    go(root, next);
  });
}

/** @param {HTMLElement} root @param {KeyboardEvent} event @returns {HTMLElement | null} */
function entry(root, event) {
  if (event.target !== root || event.key !== "ArrowDown") return null;
  return root.querySelector('.card[tabindex="0"]');
}

/**
 * Focus a card and make it the one the tab key comes back to.
 * @param {HTMLElement} root
 * @param {HTMLElement} card
 */
export function go(root, card) {
  for (const each of root.querySelectorAll('.card[tabindex="0"]')) /** @type {HTMLElement} */ (each).tabIndex = -1;
  card.tabIndex = 0;
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} here
 * @param {string} key
 * @returns {HTMLElement | null}
 */
function neighbour(root, here, key) {
  const lists = [...root.querySelectorAll("ol.visits")].map((list) => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".card")]));
  const column = lists.findIndex((list) => list.includes(here));
  const row = lists[column].indexOf(here);
  if (key === "ArrowDown") return lists[column][row + 1] ?? null;
  if (key === "ArrowUp") return lists[column][row - 1] ?? null;
  if (key === "Home") return lists[column][0];
  if (key === "End") return lists[column].at(-1) ?? null;
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (!step) return null;
  for (let beside = column + step; lists[beside]; beside += step) {
    const nearest = lists[beside].toSorted((a, b) => apart(a, here) - apart(b, here))[0];
    if (nearest) return nearest;
  }
  return null;
}

/** @param {HTMLElement} a @param {HTMLElement} b @returns {number} how far apart they stand, top to top */
const apart = (a, b) => Math.abs(a.getBoundingClientRect().top - b.getBoundingClientRect().top);
