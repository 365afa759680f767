// @ts-check
/** What an event is about: appointments and people fetched once each, a few at a time. */

import { get } from "./api.js";
import { board } from "./store.js";

const AT_ONCE = 4;

/** @type {Map<string, Promise<any>>} */
const asked = new Map();
/** @type {(() => void)[]} */
const waiting = [];
let running = 0;

/**
 * Run a few of many at a time.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTurn(work) {
  if (running >= AT_ONCE) await new Promise((resolve) => waiting.push(() => resolve(null)));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>} null where there is none
 */
function once(path) {
  let found = asked.get(path);
  if (!found) {
    found = inTurn(() => get(path)).catch(() => {
      asked.delete(path);
      return null;
    });
    asked.set(path, found);
  }
  return found;
}

/**
 * Fetch an appointment as it is now.
 * @param {string} id
 * @returns {Promise<Appointment>}
 */
export async function freshAppointment(id) {
  return inTurn(() => get(`appointments/${id}`));
}

/**
 * Say that appointments are being fetched already: who asks for one waits for that.
 * @param {Iterable<string>} ids
 * @param {Promise<void>} fetching
 */
export function expectFresh(ids, fetching) {
  for (const id of ids) {
    const path = `appointments/${id}`;
    asked.set(path, fetching.then(() => board.appointments.get(id) ?? inTurn(() => get(path))).catch(() => null));
  }
}

/**
 * Return an appointment, perhaps of a moment ago: enough for a name in a sentence.
 * @param {string} id
 * @returns {Promise<Appointment | null>}
 */
export async function appointmentFor(id) {
  return board.appointments.get(id) ?? once(`appointments/${id}`);
}

/**
 * Return a person, perhaps as of a moment ago.
 * @param {string} id
 * @returns {Promise<Contact | null>}
 */
export const contactFor = (id) => once(`contacts/${id}`);

/** Forget all, as after another clinic was chosen. */
export function forgetDetails() {
  asked.clear();
}
