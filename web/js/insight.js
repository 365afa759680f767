// @ts-check
/** The clinic in figures, day by day: tiles, plots, each with its table and its file. */

import { ask, get } from "./api.js";
import { addDays, isDay, sayDay, today } from "./clock.js";
import { button, el, field, one } from "./dom.js";
import { csv, saveFile } from "./files.js";
import { gathered, nameOf, PLOTS, value } from "./insight_plots.js";
import { money, number, percent } from "./numbers.js";
import { draw, svg } from "./plot.js";
import { explain } from "./problems.js";
import { go } from "./route.js";
import { board, on } from "./store.js";
import { say as aloud } from "./toasts.js";
import { meaning, t } from "./words.js";

/** @typedef {import("./insight_plots.js").Plot} Plot */
/** @typedef {(string | number | null)[]} Row */

const SPANS = [7, 30, 90, 365];
const REFRESH = 30_000; // milliseconds; figures need not be of this second

let from = "";
let to = "";
let asked = 0;
let shown = false;
/** @type {Insight | null} */
let insight = null;
/** @type {ResizeObserver | null} */
let watching = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshing;

/**
 * Show the figures.
 * @param {string} part of the address: "2026-10-01..2026-10-31"; else the last 30 days
 */
export async function showInsight(part) {
  if (!watching) setUp();
  shown = true;
  const [first, last] = part.split("..");
  const usable = isDay(first ?? "") && isDay(last ?? "") && first <= last;
  [from, to] = usable ? [first, last] : [addDays(today(), -29), today()];
  field(one("#insight"), "from").value = from;
  field(one("#insight"), "to").value = to;
  for (const each of document.querySelectorAll("#insight [data-days]")) {
    each.setAttribute("aria-pressed", String(to === today() && from === addDays(to, 1 - Number(each.getAttribute("data-days")))));
  }
  await load();
}

/** Stop keeping the figures fresh: they are not on the page. */
export function leaveInsight() {
  shown = false;
  clearTimeout(refreshing);
  refreshing = undefined;
}

function setUp() {
  const bar = one("#insight-spans");
  bar.append(...SPANS.map((days) => el("button", { type: "button", class: "button", "data-days": days, on: { click: () => show(addDays(today(), 1 - days), today()) } },
    days === 365 ? t("last_year") : t("last_days", { n: days }))));
  one("#insight-range").addEventListener("change", () => {
    const [first, last] = ["from", "to"].map((name) => field(one("#insight"), name).value);
    if (isDay(first) && isDay(last) && first <= last) show(first, last);
  });
  one("#insight-csv").addEventListener("click", () => void download());
  watching = new ResizeObserver(() => drawPlots());
  watching.observe(one("#insight-body"));
  on("events", () => {
    if (shown && to >= today()) refreshing ??= setTimeout(refresh, REFRESH);
  });
}

/** @param {string} first @param {string} last */
const show = (first, last) => go(`insight/${first}..${last}`);

function refresh() {
  refreshing = undefined;
  const body = one("#insight-body");
  if (shown && !body.contains(document.activeElement) && !body.querySelector("details[open]")) void load();
}

async function load() {
  const mine = ++asked;
  const body = one("#insight-body");
  body.ariaBusy = "true";
  try {
    const found = /** @type {Insight} */ (await get("insight", { from, to }));
    if (mine !== asked) return;
    insight = found;
    body.replaceChildren(tiles(found), ...PLOTS.map((plot) => figure(plot, found)), reasons(found), note(found));
    drawPlots();
  } catch (problem) {
    if (mine === asked) body.replaceChildren(el("p", { class: "empty", role: "alert" }, explain(problem)));
  } finally {
    if (mine === asked) body.ariaBusy = "false";
  }
}

/** The server's file has every figure of every day. */
async function download() {
  try {
    saveFile(fileName("insight"), "text/csv", await ask("GET", "insight.csv", { query: { from, to }, text: true }));
  } catch (problem) {
    aloud(explain(problem));
  }
}

/** @param {string} what @returns {string} */
const fileName = (what) => `${board.me.org.slug}-${what.replaceAll("_", "-")}-${from}-${to}.csv`;

/** @param {Insight} found @returns {HTMLElement} */
function tiles({ totals, currency, follow_ups_now }) {
  /** @type {[string, string, string][]} */
  const those = [
    [nameOf("calls"), number(totals.calls), t("tile_booked", { n: number(totals.calls_booked) })],
    [nameOf("conversion"), percent(totals.conversion), t("tile_conversion")],
    [nameOf("bookings"), number(totals.bookings), t("tile_by_voice", { n: number(totals.bookings_by_source.voice ?? 0) })],
    [nameOf("no_show_rate"), percent(totals.no_show_rate), t("tile_no_shows", { n: number(totals.no_shows), of: number(totals.visits) })],
    [nameOf("texts_delivered"), percent(totals.texts_sent ? totals.texts_delivered / totals.texts_sent : null), t("tile_texts", { n: number(totals.texts_sent) })],
    [nameOf("cost_micros"), money(totals.cost_micros, currency), t("tile_cost", { n: number(totals.segments) })],
    [t("tile_overdue"), number(follow_ups_now?.overdue ?? 0), t("tile_open", { n: number(follow_ups_now?.open ?? 0) })],
  ];
  return el("dl", { class: "tiles" }, ...those.map(([name, figure, more]) =>
    el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, el("strong", {}, figure), el("small", {}, more)))));
}

/** @param {Plot} plot @param {Insight} found @returns {HTMLElement} */
function figure(plot, found) {
  const title = meaning("plot", plot.key);
  const rows = tableOf(plot, found);
  return el("figure", { class: "group insight-plot", "data-plot": plot.key },
    el("figcaption", {}, el("h3", {}, title), legend(plot)),
    el("div", { class: "plot-place" }),
    el("div", { class: "plot-foot" },
      el("details", {}, el("summary", { "aria-label": t("table_of", { title }) }, t("as_table")), el("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": title }, table(title, rows, found))),
      el("button", { type: "button", class: "link small", "aria-label": t("csv_of", { title }), on: { click: () => saveFile(fileName(plot.key), "text/csv", csv(plainRows(rows, plot))) } }, t("csv"))));
}

/** @param {Plot} plot @returns {HTMLElement} */
function legend({ parts }) {
  const swatch = (/** @type {string} */ tone) => svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, rx: 3, class: `tone-${tone}` }));
  return el("ul", { class: "legend" }, ...parts.map((part) => el("li", {}, swatch(part.tone), nameOf(part.key))));
}

/** Draw, or draw anew: the width of the page has changed. */
function drawPlots() {
  if (!insight) return;
  const days = gathered(insight.items);
  for (const place of document.querySelectorAll("#insight .plot-place")) {
    const plot = PLOTS.find((each) => each.key === place.closest("figure")?.dataset.plot);
    const width = Math.floor(place.clientWidth);
    if (!plot || !width || place.querySelector("svg")?.getAttribute("width") === String(width)) continue;
    const series = plot.parts.map((part) => ({ tone: part.tone, values: days.map((day) => part.of(day.figures)) }));
    const titles = days.map((day) => [day.title, ...plot.parts.map((part) => `${nameOf(part.key)}: ${shownValue(part.of(day.figures), plot.share)}`)].join("\n"));
    place.replaceChildren(draw({ kind: plot.kind, share: plot.share, labels: days.map((day) => day.label), titles, series }, width, summary(plot, insight)));
  }
}

/** @param {number | null} figure @param {boolean} [share] @returns {string} */
const shownValue = (figure, share) => (share ? percent(figure) : number(figure ?? 0));

/** @param {Plot} plot @param {Insight} found @returns {string} a plot in a sentence, for who does not see it */
function summary(plot, { totals }) {
  const span = t("from_to", { from: sayDay("plain", from), to: sayDay("plain", to) });
  const parts = plot.parts.map((part) => `${nameOf(part.key)} ${shownValue(part.of(totals), plot.share)}`).join(", ");
  return `${meaning("plot", plot.key)}, ${span}: ${parts}. ${t("plot_more")}`;
}

/** @param {Plot} plot @param {Insight} found @returns {Row[]} the head, the days, the totals */
function tableOf(plot, { items, totals }) {
  const row = (/** @type {string} */ name, /** @type {Figures} */ day) => [name, ...plot.columns.map((column) => value(day, column))];
  return [[t("day"), ...plot.columns.map(nameOf)], ...items.map((day) => row(day.day, day)), row(t("in_all"), totals)];
}

/** @param {Row[]} rows @param {Plot} plot @returns {Row[]} money in whole units, for programs */
function plainRows(rows, plot) {
  const cost = plot.columns.indexOf("cost_micros") + 1;
  return rows.map((row) => row.map((cell, index) => (cost && index === cost && typeof cell === "number" ? cell / 1_000_000 : cell)));
}

/** @param {string} title @param {Row[]} rows @param {Insight} found @returns {HTMLElement} */
function table(title, [head, ...rows], { currency }) {
  const show = (/** @type {string | number | null} */ cell, /** @type {number} */ column) => {
    if (head[column] === nameOf("cost_micros")) return money(Number(cell), currency);
    const share = head[column] === nameOf("conversion") || head[column] === nameOf("no_show_rate");
    return share ? percent(/** @type {number | null} */ (cell)) : number(Number(cell));
  };
  const line = (/** @type {Row} */ row) => el("tr", {}, el("th", { scope: "row" }, isDay(String(row[0])) ? sayDay("plain", String(row[0])) : String(row[0])),
    ...row.slice(1).map((cell, index) => el("td", {}, show(cell, index + 1))));
  return el("table", {}, el("caption", { class: "unseen" }, title), el("thead", {}, el("tr", {}, ...head.map((each) => el("th", { scope: "col" }, String(each))))),
    el("tbody", {}, ...rows.slice(0, -1).map(line)), el("tfoot", {}, ...rows.slice(-1).map(line)));
}

/** Why callers did not book: the table is the plot. @param {Insight} found @returns {HTMLElement} */
function reasons({ totals }) {
  const those = Object.entries(totals.lost_reasons).sort(([, a], [, b]) => b - a);
  const most = those[0]?.[1] ?? 1;
  const title = meaning("plot", "lost_reasons");
  const rows = those.map(([reason, many]) => el("tr", {}, el("th", { scope: "row" }, meaning("lost", reason)), el("td", {}, number(many)),
    el("td", { class: "rank" }, svg("svg", { width: "100%", height: 14, "aria-hidden": "true" }, svg("rect", { width: `${(100 * many) / most}%`, height: 14, rx: 3, class: "tone-b" })))));
  const head = el("tr", {}, el("th", { scope: "col" }, t("reason")), el("th", { scope: "col" }, t("callers")), el("td", {}));
  return el("section", { class: "group insight-plot" }, el("h3", {}, title),
    rows.length ? el("table", { class: "ranks" }, el("caption", { class: "unseen" }, title), el("thead", {}, head), el("tbody", {}, ...rows)) : el("p", { class: "hint" }, t("no_reasons")),
    rows.length > 0 && el("div", { class: "plot-foot" }, button(t("csv"), () =>
      saveFile(fileName("lost_reasons"), "text/csv", csv([[t("reason"), t("callers")], ...those.map(([reason, many]) => [meaning("lost", reason), many])])), "link small")));
}

/** @param {Insight} found @returns {HTMLElement} */
function note({ currency, segment_price_micros, time_zone }) {
  return el("p", { class: "hint insight-note" }, t("insight_note", { zone: time_zone, price: price(segment_price_micros, currency) }));
}

/** @param {number} micros @param {string} currency @returns {string} */
const price = (micros, currency) => `${micros / 1_000_000} ${currency}`;
