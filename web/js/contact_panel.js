// @ts-check
/** A person: how to reach them, what comes next, and all that ever happened. */

import { ask, get } from "./api.js";
import { makeCare } from "./care.js";
import { openBooking } from "./book.js";
import { sayDay } from "./clock.js";
import { button, clone, el, field, one, put } from "./dom.js";
import { factsList } from "./facts.js";
import { moment } from "./moments.js";
import { panelKey, retitle, showPanel } from "./panel.js";
import { callLink } from "./phone.js";
import { attempt, explain } from "./problems.js";
import { may, on } from "./store.js";
import { makeTimeline } from "./timeline.js";
import { say as aloud } from "./toasts.js";
import { t } from "./words.js";

/** @type {{ contact: Contact, body: HTMLElement, timeline: ReturnType<typeof makeTimeline> } | null} */
let shown = null;

/**
 * Show a person at the side.
 * @param {string} id
 * @param {HTMLElement} [told] to stand above
 */
export async function openContact(id, told) {
  let contact;
  try {
    contact = /** @type {Contact} */ (await get(`contacts/${id}`));
  } catch (problem) {
    return aloud(explain(problem));
  }
  const body = clone("t-contact");
  const timeline = makeTimeline(one(".timeline", body), id);
  shown = { contact, body, timeline };
  draw();
  if (told) body.prepend(told);
  const care = makeCare(() => shown?.contact ?? contact, (result) => void openContact(id, result));
  one(".care-place", body).replaceChildren(...(care ? [care] : []));
  void showFacts(contact.id, body);
  one(".contact-edit", body).addEventListener("submit", (event) => {
    event.preventDefault();
    void save();
  });
  one(".note-form", body).addEventListener("submit", (event) => {
    event.preventDefault();
    void addNote();
  });
  showPanel({ key: `contact ${id}`, title: contact.name, body, again: () => void openContact(id) });
  void timeline.load();
}

/** @param {string} id @param {HTMLElement} body */
async function showFacts(id, body) {
  const { items } = await get(`contacts/${id}/facts`).catch(() => ({ items: [] }));
  const list = factsList(items);
  if (list) one(".told-place", body).replaceChildren(el("h3", {}, t("facts_title")), list);
}

/** Keep what is shown up to date. */
export function setUpContacts() {
  on("contact", (ids) => {
    if (!shown || panelKey() !== `contact ${shown.contact.id}`) return;
    if (ids.size && !ids.has(shown.contact.id)) return;
    const { contact, timeline } = shown;
    void timeline.load();
    void get(`contacts/${contact.id}`).then((fresh) => {
      if (!shown || shown.contact.id !== fresh.id) return;
      shown.contact = fresh;
      draw();
    }, () => {});
  });
}

function draw() {
  if (!shown) return;
  const { contact, body } = shown;
  retitle(contact.name);
  const next = contact.next_appointment;
  put(body, {
    email: contact.email, born: contact.date_of_birth ? sayDay("plain", contact.date_of_birth) : t("unknown"),
    next: next ? moment(next.starts_at) : t("none_planned"), visits: contact.appointment_count,
    stopped: contact.erased_at ? t("erased_person") : contact.opted_out ? t("opted_out") : "",
  });
  // The number an erased person has is nobody's.
  one(".tel-place", body).replaceChildren(...(contact.erased_at ? ["–"] : [contact.phone, ...(contact.other_phones ?? [])].map((number) => el("div", {}, callLink(number)))));
  one(".actions", body).replaceChildren(...[
    may("staff") && !contact.erased_at ? button(t("new_booking"), () => shown && openBooking({ contact: shown.contact }), "button primary") : null,
    next ? button(t("show_next"), () => void import("./visit_panel.js").then(({ openVisit }) => openVisit(next.id))) : null,
  ].filter((each) => each !== null));
  one(".contact-change", body).hidden = one(".note-form", body).hidden = !may("staff") || Boolean(contact.erased_at);
  const form = one(".contact-edit", body);
  if (form.contains(document.activeElement)) return; // somebody is writing
  field(form, "name").value = contact.name;
  field(form, "email").value = contact.email ?? "";
  field(form, "date_of_birth").value = contact.date_of_birth ?? "";
}

async function save() {
  if (!shown) return;
  const { contact, body } = shown;
  const form = one(".contact-edit", body);
  await attempt(form, async () => {
    const value = (/** @type {string} */ name) => field(form, name).value.trim() || null;
    const change = { version: contact.version, name: value("name"), email: value("email"), date_of_birth: value("date_of_birth") };
    const fresh = await ask("PATCH", `contacts/${contact.id}`, { body: change });
    if (!shown) return;
    shown.contact = fresh;
    /** @type {HTMLDetailsElement} */ (one(".contact-change", body)).open = false;
    draw();
    aloud(t("saved"));
  }, (problem) => {
    const current = /** @type {import("./api.js").Problem} */ (problem)?.body?.current;
    if (current && shown) {
      shown.contact = current;
      put(body, { changed: t("contact_changed", { name: current.name, email: current.email ?? "–" }) });
    }
    return Boolean(current);
  });
}

async function addNote() {
  if (!shown) return;
  const { contact, body, timeline } = shown;
  const form = one(".note-form", body);
  await attempt(form, async () => {
    await ask("POST", `contacts/${contact.id}/notes`, { body: { body: field(form, "body").value.trim() } });
    field(form, "body").value = "";
    await timeline.load();
    aloud(t("saved"));
  });
}

/**
 * Say who somebody is in one line, for lists.
 * @param {Contact} contact
 * @returns {HTMLElement}
 */
export function contactLine(contact) {
  const next = contact.next_appointment;
  return el("button", { type: "button", class: "result", on: { click: () => void openContact(contact.id) } },
    el("strong", {}, contact.name), el("span", {}, callText(contact)),
    el("small", {}, next ? t("next_is", { when: moment(next.starts_at) }) : t("none_planned")));
}

/** @param {Contact} contact */
const callText = (contact) => callLink(contact.phone).textContent ?? "";
