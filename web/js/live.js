// @ts-check
/** From an event to the page: fetch what it touched, and only that. */

import { ask, get, Problem } from "./api.js";
import { now } from "./clock.js";
import { expectFresh, freshAppointment } from "./details.js";
import { loadRange } from "./range.js";
import { openLine } from "./socket.js";
import { board, tell } from "./store.js";
import { announce } from "./toasts.js";

const KEPT = 60; // events in the feed
const SINGLY = 20; // appointments fetched one by one; more are fetched as a range
const GATHER = 40; // milliseconds: what comes together is fetched together

// A text's arrival is no event of the clinic's: a visit whose text or calendar is still on its way is looked at again.
const SETTLES = [4_000, 20_000, 90_000];
const UNDER_WAY = new Set(["queued", "claimed", "unknown", "retry", "accepted", "sent", "pending"]);

/** @type {Map<string, { version: number, looks: number }>} */
const settling = new Map();

/** @type {ReturnType<typeof openLine> | null} */
let line = null;
/** @type {Set<string>} */
let touched = new Set();
/** @type {Promise<void> | undefined} */
let gathering;

/** Go live from the last event that the loaded data contains. */
export function goLive() {
  line = openLine(board.me.last_seq, {
    address: ticket,
    fetchAfter: (after) => get("events", { after, limit: 200 }),
    onEvents: apply,
    onReload: reloadAll,
    onState(state, fresh) {
      board.line = state;
      board.fresh = fresh - Date.now() + now(); // by the server's clock
      tell("line");
    },
  });
}

/** @returns {Promise<string>} */
async function ticket() {
  try {
    return (await ask("POST", "ws-ticket")).url;
  } catch (problem) {
    // Access was ended: starting anew says so, and takes what is on the page away.
    if (problem instanceof Problem && problem.status === 403) location.reload();
    throw problem;
  }
}

/** Hang up, as before signing out. */
export function hangUp() {
  line?.close();
  line = null;
}

/** Fetch who I am and what the clinic has; many views show a part of it. */
export async function loadMe() {
  board.me = await get("me");
  tell("me");
  return board.me;
}

/** @returns {Promise<number>} the last event that what was loaded contains */
async function reloadAll() {
  const { last_seq } = await loadMe(); // before the rest: what happens meanwhile comes as events again
  await Promise.all([loadRange(), loadFeed()]);
  tell("inbox");
  tell("calls");
  tell("contact");
  return last_seq;
}

/** Fetch the newest events for the feed. */
export async function loadFeed() {
  const { items } = await get("events", { after: Math.max(0, board.me.last_seq - KEPT), limit: KEPT });
  board.events = items.reverse();
  tell("events");
}

/** @param {BoardEvent[]} events in order */
function apply(events) {
  const people = new Set();
  const calls = new Set();
  let inbox = false;
  let clinic = false;
  for (const event of events) {
    if (event.appointment_id) touched.add(event.appointment_id);
    if (event.contact_id) people.add(event.contact_id);
    if (/^(call|lead)\./.test(event.type)) calls.add(event.call_id ?? "");
    inbox ||= /^(follow_up|sms)\./.test(event.type);
    clinic ||= /^(settings|staff|calendar\.(connected|paused|disconnected|assigned)|sms\.(paused|resumed))/.test(event.type);
  }
  board.events = [...events.toReversed(), ...board.events].slice(0, KEPT);
  gather(GATHER);
  tell("events");
  if (people.size) tell("contact", people);
  if (calls.size) tell("calls", calls);
  if (inbox) tell("inbox");
  if (clinic) void loadMe().then(() => tell("settings"), () => {});
  announce(events);
}

/** @param {number} wait milliseconds */
function gather(wait) {
  gathering ??= new Promise((resolve) => setTimeout(resolve, wait)).then(refetch);
  expectFresh(touched, gathering);
}

async function refetch() {
  const ids = touched;
  touched = new Set();
  gathering = undefined;
  if (!ids.size) return;
  try {
    if (ids.size > SINGLY) await loadRange();
    else place(await Promise.all([...ids].map(freshAppointment)));
  } catch {
    for (const id of ids) touched.add(id);
    gather(3_000);
  }
}

/**
 * Put appointments where they now belong: into what is on the page, or out of it. An older answer never
 * replaces a newer one.
 * @param {Appointment[]} fresh
 */
export function place(fresh) {
  const changed = new Set();
  for (const visit of fresh) {
    const before = board.appointments.get(visit.id);
    if (before && before.version > visit.version) continue;
    changed.add(visit.id);
    board.appointments.set(visit.id, visit);
    settle(visit);
  }
  tell("appointments", changed);
}

/** @param {Appointment} visit */
function settle({ id, version, sms, calendar }) {
  if (!UNDER_WAY.has(sms?.state ?? "") && !UNDER_WAY.has(calendar?.state ?? "")) return void settling.delete(id);
  const before = settling.get(id);
  const looks = before?.version === version ? before.looks : 0;
  settling.set(id, { version, looks: looks + 1 });
  if (looks < SETTLES.length) setTimeout(() => line && (touched.add(id), gather(GATHER)), SETTLES[looks]);
}
