// @ts-check
/**
 * The live line to the server: one socket, always coming back, and HTTP while it is away (docs/board.md, "The socket").
 * API Gateway ends a connection after ten idle minutes and after two hours; browsers cannot send ping frames.
 */

import { makeOrder } from "./order.js";

const PING_EVERY = 240_000;
const PONG_WITHIN = 10_000;
const RENEW_AFTER = 110 * 60_000;
const POLL_EVERY = 30_000;
const OPEN_WITHIN = 10_000;
const NOTICE_AFTER = 1_500;
const OVERTAKEN = 300; // two pushes may come in the wrong order: the missing one may be on its way
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const TICK = 5_000;
const ASLEEP = 20_000; // a tick that late means the machine slept

/**
 * @typedef {object} Line
 * @property {() => Promise<string>} address a fresh address with its ticket, good for 30 seconds
 * @property {(after: number) => Promise<{ items: BoardEvent[], next: number | null, last_seq: number, reload: boolean }>} fetchAfter
 * @property {(events: BoardEvent[]) => void} onEvents in order, none missing, none twice
 * @property {() => Promise<number>} onReload too much was missed: load all anew, return the last event it contains
 * @property {(state: LiveState, fresh: number) => void} onState
 */

/**
 * Open the line and keep it open.
 * @param {number} lastSeq
 * @param {Line} line
 */
export function openLine(lastSeq, line) {
  const order = makeOrder(lastSeq, line.onEvents, () => soon(fetchMissing, OVERTAKEN));
  /** @type {WebSocket | null} */
  let socket = null;
  let fails = 0;
  let stopped = false;
  let live = false; // greeted: what happens from now on will be pushed
  let fresh = Date.now();
  let ticked = Date.now();
  /** @type {Promise<void> | null} */
  let fetching = null;
  /** @type {Map<Function, ReturnType<typeof setTimeout>>} */
  const timers = new Map();

  /** @param {() => void} what @param {number} wait milliseconds; a plan already made stands */
  function soon(what, wait) {
    if (timers.has(what)) return;
    timers.set(what, setTimeout(() => {
      timers.delete(what);
      if (!stopped) what();
    }, wait));
  }
  /** @param {...Function} plans */
  function never(...plans) {
    for (const plan of plans) {
      clearTimeout(timers.get(plan));
      timers.delete(plan);
    }
  }
  /** @param {LiveState} state */
  function tell(state) {
    if (state === "live") fresh = Date.now();
    line.onState(state, fresh);
  }

  async function connect() {
    if (stopped || socket) return;
    try {
      const address = await line.address();
      if (!stopped && !socket) listen(new WebSocket(address));
    } catch {
      lost(null);
    }
  }
  /** @param {WebSocket} opened */
  function listen(opened) {
    socket = opened;
    soon(giveUp, OPEN_WITHIN);
    opened.onopen = () => opened.send(JSON.stringify({ action: "hello", lastSeq: order.last }));
    opened.onmessage = ({ data }) => hear(opened, data);
    opened.onclose = () => lost(opened);
  }
  function giveUp() {
    drop();
  }
  /** @param {WebSocket} from @param {string} data */
  function hear(from, data) {
    if (from !== socket) return;
    const said = JSON.parse(data);
    never(giveUp);
    soon(ping, PING_EVERY);
    if (said.action === "hello") greeted(said.lastSeq);
    else if (said.action === "event") order.take([said]);
    else if (said.action === "pong") heard(said.lastSeq);
    else if (said.action === "resync") void reload();
    else if (said.action === "closing") soon(renew, Math.random() * 2_000);
    else if (said.action === "error" && !live) drop(); // the hello was not understood, or the database is away
    if (live) tell("live");
  }
  /** @param {number} serverLast */
  function greeted(serverLast) {
    fails = 0;
    live = true;
    never(poll, notice);
    soon(renew, RENEW_AFTER);
    if (serverLast < order.last) void reload(); // another database answers
    else if (serverLast > order.last) soon(fetchMissing, 1_500); // unless the catch-up comes by itself
  }
  /** @param {number | undefined} serverLast what a lost push left behind shows here at the latest */
  function heard(serverLast) {
    if (serverLast !== undefined && serverLast > order.last) soon(fetchMissing, 1_500);
  }
  function ping() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send('{"action":"ping"}');
    soon(giveUp, PONG_WITHIN);
  }
  function renew() {
    drop();
  }
  /** Let go of the socket without waiting for its goodbye. */
  function drop() {
    const old = socket;
    if (!old) return;
    old.onclose = old.onmessage = null;
    old.close();
    lost(old);
  }
  /** @param {WebSocket | null} which */
  function lost(which) {
    if (stopped || which !== socket) return;
    socket = null;
    live = false;
    never(ping, giveUp, renew);
    soon(connect, Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** fails++)); // full jitter
    soon(notice, NOTICE_AFTER); // a planned change of sockets is nobody's business
    soon(poll, NOTICE_AFTER);
  }
  function notice() {
    tell(navigator.onLine ? "reconnecting" : "offline");
  }
  async function poll() {
    await fetchMissing();
    if (!live) soon(poll, POLL_EVERY);
  }
  function fetchMissing() {
    fetching ??= fetchAll().catch(() => soon(live ? fetchMissing : notice, live ? 2_000 : 0)).finally(() => (fetching = null));
    return fetching;
  }
  async function fetchAll() {
    for (let more = true; more && !stopped; ) {
      const answer = await line.fetchAfter(order.last);
      if (answer.reload || answer.last_seq < order.last) return reload();
      order.take(answer.items);
      more = answer.items.length > 0 && order.last < answer.last_seq;
    }
    fresh = Date.now();
    if (!live) notice();
  }
  async function reload() {
    try {
      order.restart(await line.onReload());
      fresh = Date.now();
    } catch {
      soon(reload, 2_000);
    }
  }
  /** The machine may have slept, the network may have changed: what looks open may be long dead. */
  function wake() {
    fails = 0;
    if (socket) drop();
    never(connect);
    void fetchMissing();
    void connect();
  }
  function tick() {
    const late = Date.now() - ticked > ASLEEP;
    ticked = Date.now();
    if (late) wake();
  }
  function seen() {
    if (document.visibilityState !== "visible") return;
    tick();
    ping();
  }
  const clock = setInterval(tick, TICK);
  const network = () => (navigator.onLine ? wake() : tell("offline"));
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", network);
  addEventListener("offline", network);
  tell("connecting");
  void connect();

  return {
    /** Hang up for good. */
    close() {
      stopped = true;
      never(...timers.keys());
      clearInterval(clock);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", network);
      removeEventListener("offline", network);
      socket?.close();
    },
    /** @returns {number} */
    get lastSeq() {
      return order.last;
    },
  };
}
