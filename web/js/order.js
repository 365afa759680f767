// @ts-check
/** Events in the order of their numbers, each once, whatever order they come in. */

/**
 * Hold back what comes too early until what is missing has come.
 * @param {number} start the number of the last event already known
 * @param {(events: BoardEvent[]) => void} deliver called with events in order, contiguous after the last
 * @param {() => void} missing called when something was skipped
 */
export function makeOrder(start, deliver, missing) {
  let last = start;
  /** @type {Map<number, BoardEvent>} */
  const early = new Map();

  return {
    /** @returns {number} the last event delivered */
    get last() {
      return last;
    },
    /**
     * Take events as they come.
     * @param {BoardEvent[]} events
     */
    take(events) {
      for (const event of events) if (event.seq > last) early.set(event.seq, event);
      const ready = [];
      for (let next = early.get(last + 1); next; next = early.get(last + 1)) {
        ready.push(next);
        early.delete(next.seq);
        last = next.seq;
      }
      if (ready.length) deliver(ready);
      if (early.size) missing();
    },
    /**
     * Begin anew at a number: all before it is known some other way.
     * @param {number} seq
     */
    restart(seq) {
      last = seq;
      early.clear();
    },
  };
}
