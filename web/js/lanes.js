// @ts-check
/** Visits that overlap, side by side. */

/**
 * Give each of a column's visits a lane, and say how many lanes stand beside each other there.
 * @param {{ start: number, end: number }[]} spans sorted by start; minutes of the day
 * @returns {{ lane: number, lanes: number }[]} one for each, in order
 */
export function lanes(spans) {
  /** @type {{ lane: number, lanes: number }[]} */
  const placed = [];
  let cluster = 0; // where the visits that touch each other begin
  let reach = -Infinity;
  /** @type {number[]} the end of the last visit in each lane */
  let ends = [];
  spans.forEach(({ start, end }, index) => {
    if (start >= reach) {
      cluster = index;
      ends = [];
    }
    const free = ends.findIndex((until) => until <= start);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = end;
    reach = Math.max(reach, end);
    placed.push({ lane, lanes: 1 });
    for (let each = cluster; each <= index; each++) placed[each].lanes = ends.length;
  });
  return placed;
}
