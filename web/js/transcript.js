// @ts-check
/** What was said in a call, line by line, and what the agent did in between; pages of it, for calls can be long. */

import { get } from "./api.js";
import { button, el, icon, one } from "./dom.js";
import { length } from "./numbers.js";
import { explain } from "./problems.js";
import { meaning, t } from "./words.js";

const PAGE = 500; // lines
const FAR_PAGE = 1_000; // on the way to a line; the most the server gives

/**
 * Show a transcript in a place.
 * @param {HTMLElement} root the copy of t-call-panel's transcript
 * @param {string} call id
 */
export function makeTranscript(root, call) {
  const list = one("ol", root);
  const more = one(".transcript-more", root);
  let pages = 0;
  let last = "";

  /** @param {Transcript} page @param {boolean} further */
  function show(page, further) {
    const text = JSON.stringify(page);
    if (!further && (pages > 1 || text === last)) return; // nothing new, or somebody has read on
    last = text;
    const lines = page.items.map(line);
    if (further) list.append(...lines);
    else list.replaceChildren(...(lines.length ? lines : [el("li", { class: "hint" }, t("no_transcript"))]));
    pages = further ? pages + 1 : 1;
    more.replaceChildren(page.next ? button(t("more_lines"), () => void goOn(() => fetchPage(page.next, PAGE)), "button quiet") : "");
  }

  /** @param {string | null} cursor @param {number} limit @returns {Promise<Transcript>} */
  const fetchPage = async (cursor, limit) => (await get(`calls/${call}`, { cursor, limit })).transcript;

  /** @param {() => Promise<Transcript>} fetching the page that follows */
  async function goOn(fetching) {
    try {
      const page = await fetching();
      const first = list.children.length;
      show(page, true);
      if (document.activeElement === document.body) /** @type {HTMLElement | undefined} */ (list.children[first])?.focus();
    } catch (problem) {
      more.append(el("span", { class: "form-problem", role: "alert" }, explain(problem)));
    }
  }

  /** @param {string | null} cursor @param {number} position @returns {Promise<Transcript>} all lines from there to the one wanted, put on the page at once */
  async function fetchUntil(cursor, position) {
    /** @type {Transcript} */
    const found = { items: [], next: cursor };
    while (found.next && (found.items.at(-1)?.position ?? -1) < position) {
      const page = await fetchPage(found.next, FAR_PAGE);
      found.items.push(...page.items);
      found.next = page.next;
    }
    return found;
  }

  return {
    /** @param {Transcript} page the first */
    start: (page) => show(page, false),
    /**
     * Go to a line, fetching what stands before it.
     * @param {Transcript} page the first
     * @param {number} position
     */
    async find(page, position) {
      const there = () => list.querySelector(`[data-position="${position}"]`);
      if (!there() && page.next) await goOn(() => fetchUntil(page.next, position));
      const found = there();
      if (!(found instanceof HTMLElement)) return;
      found.classList.add("found");
      found.scrollIntoView({ block: "center" });
      found.focus({ preventScroll: true });
    },
  };
}

/** @param {TranscriptLine} said @returns {HTMLElement} */
function line(said) {
  const when = el("small", {}, length(said.seconds));
  const attributes = { class: "line-said", "data-role": said.role, "data-position": said.position, tabindex: -1 };
  if (said.role !== "tool") return el("li", attributes, when, el("p", {}, el("strong", {}, `${meaning("speaker", said.role)} `), said.body));
  return el("li", attributes, when, el("p", {}, icon("gear"), " ", el("strong", {}, meaning("tool", said.tool)), " ", outcomeTag(said.outcome), " ", said.body));
}

/** @param {string | null} outcome @returns {HTMLElement | string} */
const outcomeTag = (outcome) => (outcome ? el("span", { class: "tag" }, meaning("did", outcome.toLowerCase())) : "");
