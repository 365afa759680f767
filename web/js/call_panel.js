// @ts-check
/** One call: who it was, what came of it, what was said, and what must happen next. */

import { get } from "./api.js";
import { caller, outcomeSign } from "./call_signs.js";
import { say } from "./clock.js";
import { button, clone, el, icon, one, put } from "./dom.js";
import { factsList } from "./facts.js";
import { leadCard } from "./leads.js";
import { moment } from "./moments.js";
import { length, money } from "./numbers.js";
import { panelKey, retitle, showPanel } from "./panel.js";
import { callLink } from "./phone.js";
import { explain } from "./problems.js";
import { on } from "./store.js";
import { say as aloud } from "./toasts.js";
import { makeTranscript } from "./transcript.js";
import { meaning, t } from "./words.js";

const FIRST_LINES = 500;
const LISTEN_EVERY = 5_000; // milliseconds; a call that goes on says nothing by itself

/** @type {{ call: CallDetails, body: HTMLElement, transcript: ReturnType<typeof makeTranscript> } | null} */
let shown = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let listening;

/**
 * Show a call at the side.
 * @param {string} id ours, or Vapi's
 * @param {number} [position] a line to go to
 */
export async function openCall(id, position) {
  let call;
  try {
    call = await fetchCall(id);
  } catch (problem) {
    return aloud(explain(problem));
  }
  const body = clone("t-call-panel");
  shown = { call, body, transcript: makeTranscript(one(".transcript", body), call.id) };
  draw();
  showPanel({ key: keyOf(call), title: caller(call), body, again: () => void openCall(id) });
  if (position !== undefined) await shown.transcript.find(call.transcript, position);
}

/** @param {string} id @returns {Promise<CallDetails>} */
const fetchCall = (id) => get(`calls/${encodeURIComponent(id)}`, { limit: FIRST_LINES });

/** @param {Call} call */
const keyOf = (call) => `call ${call.id}`;

on("calls", (ids) => {
  if (!shown || panelKey() !== keyOf(shown.call)) return;
  if (!ids.size || ids.has(shown.call.vapi_call_id)) void refresh();
});

async function refresh() {
  if (!shown || panelKey() !== keyOf(shown.call)) return;
  const { id } = shown.call;
  const fresh = await fetchCall(id).catch(() => null);
  if (!fresh || shown?.call.id !== id) return;
  shown.call = fresh;
  if (!one(".lead-place", shown.body).contains(document.activeElement)) draw();
}

function draw() {
  if (!shown) return;
  const { call, body, transcript } = shown;
  retitle(caller(call));
  put(body, {
    day: say("date", call.started_at), time: say("time", call.started_at), length: length(call.duration_seconds), summary: call.summary,
    intent: call.intent && meaning("intent", call.intent), lost: call.lost_reason && meaning("lost", call.lost_reason),
    ended: call.ended_reason && meaning("ended", call.ended_reason), to: call.transferred_to,
    cost: call.cost === null ? "" : money(call.cost * 1_000_000, "USD"),
  });
  one(".tel-place", body).replaceChildren(call.phone ? callLink(call.phone) : t("withheld"));
  for (const row of body.querySelectorAll(".facts > div")) {
    const dd = row.querySelector("dd[data-f]");
    if (dd instanceof HTMLElement && row instanceof HTMLElement) row.hidden = dd.hidden;
  }
  one(".badges", body).replaceChildren(outcomeSign(call));
  one(".actions", body).replaceChildren(...actions(call));
  const facts = factsOf(call);
  one(".facts-place", body).replaceChildren(...(facts ? [el("h3", {}, t("call_facts")), facts] : []));
  one(".came-of-it", body).replaceChildren(...cameOfIt(call));
  one(".lead-place", body).replaceChildren(...(call.lead ? [leadCard(call.lead, { tag: "div", call: call.id })] : []));
  const did = one(".did", body);
  did.hidden = !call.tool_calls.length;
  one("summary", did).textContent = t("did_steps", { n: call.tool_calls.length });
  one("ul", did).replaceChildren(...call.tool_calls.map((each) => el("li", {}, el("span", { class: "grow" }, el("strong", {}, meaning("tool", each.tool)), el("small", {}, each.result)),
    each.outcome && el("span", { class: "tag" }, meaning("did", each.outcome.toLowerCase())), el("small", {}, length(each.seconds)))));
  transcript.start(call.transcript);
  clearTimeout(listening);
  if (call.state !== "ended") listening = setTimeout(() => void refresh(), LISTEN_EVERY);
}

/** @param {CallDetails} call @returns {HTMLElement | null} */
function factsOf(call) {
  const facts = Object.entries(call.facts).map(([field, value]) =>
    /** @type {Fact} */ ({ field, value, source: `call:${call.id}`, at: call.started_at }));
  return factsList(facts, call.id);
}

/** @param {CallDetails} call @returns {HTMLElement[]} */
function actions(call) {
  const { contact_id, recording_url } = call;
  return [
    contact_id ? button(t("open_contact"), () => void import("./contact_panel.js").then(({ openContact }) => openContact(contact_id))) : null,
    recording_url?.startsWith("https://")
      ? el("a", { class: "button", href: recording_url, target: "_blank", rel: "noopener noreferrer" }, icon("play"), t("recording")) : null,
  ].filter((each) => each !== null);
}

/** @param {CallDetails} call @returns {HTMLElement[]} the visits and follow-ups of the call */
function cameOfIt(call) {
  const visits = call.appointments.map((visit) => el("li", {},
    icon("day"), el("button", { type: "button", class: "link", on: { click: () => void import("./visit_panel.js").then(({ openVisit }) => openVisit(visit.id)) } },
      `${moment(visit.starts_at)} · ${visit.provider_name}`), ` ${meaning("status", visit.status)}`));
  const waiting = call.follow_ups.map((item) => el("li", {}, icon("inbox"), el("span", {}, item.message,
    el("small", {}, item.status === "open" ? t("due_at", { when: moment(item.due_at) }) : t("done")))));
  return [...visits, ...waiting];
}
