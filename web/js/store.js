// @ts-check
/** What the page knows, and who wants to hear of changes to it. */

/** @typedef {"appointments" | "range" | "view" | "events" | "inbox" | "contact" | "calls" | "me" | "settings" | "line"} Topic */

/** The page's knowledge. `from` and `to` are days; `to` is the first that is not loaded. */
export const board = {
  /** @type {Me} */
  me: /** @type {any} */ (null),
  /** @type {"day" | "week" | "list"} */
  view: "day",
  day: "",
  from: "",
  to: "",
  provider: "",
  /** @type {Set<Status>} */
  hidden: new Set(["cancelled"]),
  /** @type {Map<string, Appointment>} those of the range */
  appointments: new Map(),
  /** @type {BoardEvent[]} the newest first */
  events: [],
  /** @type {LiveState} */
  line: "connecting",
  /** when all on the page was last known to be so; milliseconds */
  fresh: 0,
};

/** @type {Map<Topic, Set<(ids: Set<string>) => void>>} */
const listeners = new Map();

/**
 * Hear of a topic's changes; `ids` says of which, empty means of all.
 * @param {Topic} topic
 * @param {(ids: Set<string>) => void} listener
 */
export function on(topic, listener) {
  const those = listeners.get(topic) ?? new Set();
  listeners.set(topic, those.add(listener));
}

/**
 * Say that something changed.
 * @param {Topic} topic
 * @param {Iterable<string>} [ids]
 */
export function tell(topic, ids = []) {
  const those = new Set(ids);
  for (const listener of listeners.get(topic) ?? []) listener(those);
}

/** @param {Role} role @returns {boolean} whether the person has at least this role */
export function may(role) {
  const order = ["reader", "staff", "admin"];
  return order.indexOf(board.me?.staff.role) >= order.indexOf(role);
}

/** @returns {Provider[]} those who see patients now */
export const providers = () => board.me.providers.filter((each) => each.active);

/** @param {string | null | undefined} id @returns {string} */
export const providerName = (id) => board.me.providers.find((each) => each.id === id)?.name ?? "";
