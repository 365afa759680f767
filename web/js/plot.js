// @ts-check
/** Drawing figures as SVG: bars on each other, or lines. What it says is in a table beside it. */

import { number, percent } from "./numbers.js";

/** @typedef {{ tone: string, values: (number | null)[] }} Series */
/** @typedef {{ kind: "stack" | "line", share?: boolean, labels: string[], titles: string[], series: Series[] }} Picture share: values are 0 to 1 */

const HEIGHT = 190;
const TOP = 10;
const BOTTOM = 24;
const LEFT = 42;
const LINES = 4; // of the grid, at most
const LABEL = 64; // pixels a label of the days takes

/**
 * Make an SVG element. Positions are attributes: the page's policy allows no inline style.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(SVGElement | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  made.append(...children);
  return made;
}

/**
 * Draw a picture.
 * @param {Picture} picture
 * @param {number} width pixels
 * @param {string} label what a screen reader says of it
 * @returns {SVGElement}
 */
export function draw(picture, width, label) {
  const step = stepOf(picture);
  const top = Math.max(step * Math.ceil(highest(picture) / step), step);
  const high = HEIGHT - TOP - BOTTOM;
  const y = (/** @type {number} */ value) => TOP + high * (1 - value / top);
  const wide = (width - LEFT) / picture.labels.length;
  const x = (/** @type {number} */ index) => LEFT + wide * index;
  const shape = picture.kind === "line" ? lines(picture, x, y, wide) : bars(picture, x, y, wide);
  return svg("svg", { role: "img", "aria-label": label, width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, class: "plot" },
    ...grid(picture, top, step, width, y), ...shape, ...days(picture, wide, x), ...touch(picture, x, wide));
}

/** @param {Picture} picture @returns {number} */
function highest({ kind, series, labels }) {
  const sums = labels.map((_, index) => {
    const values = series.map((each) => each.values[index] ?? 0);
    return kind === "stack" ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
  });
  return Math.max(0, ...sums);
}

/** @param {Picture} picture @returns {number} the distance of the grid's lines: 1, 2 or 5 times a power of ten */
function stepOf(picture) {
  const rough = highest(picture) / LINES || (picture.share ? 0.25 : 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999) ?? rough;
  return picture.share ? step : Math.max(1, step); // there is no half a call
}

/** @param {Picture} picture @param {number} top @param {number} step @param {number} width @param {(value: number) => number} y */
function grid({ share }, top, step, width, y) {
  const found = [];
  for (let value = 0; value <= top * 1.001; value += step) {
    found.push(svg("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value), class: value ? "plot-grid" : "plot-base" }),
      svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, share ? percent(value) : number(value)));
  }
  return found;
}

/** @param {Picture} picture @param {(index: number) => number} x @param {(value: number) => number} y @param {number} wide */
function bars({ series, labels }, x, y, wide) {
  const gap = Math.min(wide * 0.25, 6);
  const found = [];
  for (const index of labels.keys()) {
    let below = 0;
    for (const { tone, values } of series) {
      const value = values[index] ?? 0;
      if (value <= 0) continue;
      found.push(svg("rect", { x: x(index) + gap / 2, y: y(below + value), width: Math.max(wide - gap, 1), height: y(below) - y(below + value), class: `tone-${tone}` }));
      below += value;
    }
  }
  return found;
}

/** @param {Picture} picture @param {(index: number) => number} x @param {(value: number) => number} y @param {number} wide */
function lines({ series, labels }, x, y, wide) {
  return series.flatMap(({ tone, values }) => {
    let pen = "M";
    let path = "";
    for (const index of labels.keys()) {
      const value = values[index];
      if (value === null) {
        pen = "M"; // nothing was counted: the line has a gap
        continue;
      }
      path += `${pen}${(x(index) + wide / 2).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
    const dots = wide < 8 ? [] : [...labels.keys()].filter((index) => values[index] !== null).map((index) =>
      svg("circle", { cx: x(index) + wide / 2, cy: y(values[index] ?? 0), r: 3, class: `tone-${tone}` }));
    return [svg("path", { d: path || "M0 0", class: `plot-line line-${tone}` }), ...dots];
  });
}

/** @param {Picture} picture @param {number} wide @param {(index: number) => number} x */
function days({ labels }, wide, x) {
  const every = Math.max(1, Math.ceil(LABEL / wide));
  return labels.map((label, index) => ({ label, index })).filter(({ index }) => index % every === 0)
    .map(({ label, index }) => svg("text", { x: index ? x(index) + wide / 2 : LEFT, y: HEIGHT - 7, "text-anchor": index ? "middle" : "start" }, label));
}

/** A column that says its numbers to whoever points at it. @param {Picture} picture @param {(index: number) => number} x @param {number} wide */
function touch({ titles }, x, wide) {
  return titles.map((title, index) =>
    svg("rect", { x: x(index), y: TOP, width: wide, height: HEIGHT - TOP - BOTTOM, class: "plot-touch" }, svg("title", {}, title)));
}
