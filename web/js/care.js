// @ts-check
/** What is rarely done to a person's record: joining two of one person, giving them a copy, forgetting them. */

import { ask, get, Problem } from "./api.js";
import { button, clone, el, field, one } from "./dom.js";
import { saveFile } from "./files.js";
import { contactLineText } from "./person_line.js";
import { attempt, explain } from "./problems.js";
import { board, may } from "./store.js";
import { say as aloud } from "./toasts.js";
import { t } from "./words.js";

const PAUSE = 250; // milliseconds after the last letter

/**
 * Make the part of a person's panel that changes who they are. Null: this role may do nothing of it.
 * @param {() => Contact} contact as it is now
 * @param {(told?: HTMLElement) => void} again shows the person anew
 * @returns {HTMLElement | null}
 */
export function makeCare(contact, again) {
  if (!may("staff") || contact().erased_at) return null;
  const parts = [mergePart(contact, again), may("admin") && copyPart(contact), may("admin") && erasePart(contact, again)];
  return el("details", { class: "care" }, el("summary", {}, t(may("admin") ? "care" : "merge")), ...parts);
}

/** @param {() => Contact} contact @param {() => void} again @returns {HTMLElement} */
function mergePart(contact, again) {
  const part = clone("t-merge");
  const found = one(".merge-found", part);
  const input = field(part, "q");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  let asked = 0;
  const find = async () => {
    const mine = ++asked;
    const q = input.value.trim();
    try {
      const { items } = q.length > 1 ? await get("contacts", { q, limit: 8 }) : { items: [] };
      if (mine !== asked) return;
      const others = items.filter((/** @type {Contact} */ each) => each.id !== contact().id && !each.erased_at);
      found.replaceChildren(...others.map((/** @type {Contact} */ other) => el("li", {}, button(contactLineText(other), () => confirmMerge(part, contact, other, again)))));
      if (q.length > 1 && !others.length) found.replaceChildren(el("li", { class: "hint" }, t("merge_nobody")));
    } catch (problem) {
      found.replaceChildren(el("li", { class: "hint" }, explain(problem)));
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void find(), PAUSE);
  });
  part.addEventListener("toggle", () => {
    if (!(part instanceof HTMLDetailsElement) || !part.open || input.value) return;
    input.value = contact().name; // most duplicates have one name and two numbers
    void find();
  });
  return part;
}

/** @param {HTMLElement} part @param {() => Contact} contact @param {Contact} other @param {() => void} again */
function confirmMerge(part, contact, other, again) {
  const keep = contact();
  const place = one(".merge-sure", part);
  const yes = button(t("merge_yes"), () => void attempt(part, async () => {
    await ask("POST", `contacts/${keep.id}/merge`, { body: { version: contact().version, other_id: other.id } });
    aloud(t("merged", { name: keep.name }));
    again();
  }, (problem) => {
    if (problem instanceof Problem && problem.body.current) again();
    return false;
  }), "button primary");
  place.replaceChildren(el("p", {}, t("merge_sure", { keep: contactLineText(keep), other: contactLineText(other) })),
    el("div", { class: "actions" }, yes, button(t("never_mind"), () => {
      place.replaceChildren();
      field(part, "q").focus();
    })));
  yes.focus();
}

/** @param {() => Contact} contact @returns {HTMLElement} */
function copyPart(contact) {
  const part = el("section", { class: "care-part" }, el("h3", {}, t("export")), el("p", { class: "hint" }, t("export_hint")),
    el("p", { class: "form-problem", role: "alert", hidden: true }),
    button(t("export_do"), () => void attempt(part, async () => {
      const { id } = contact();
      const all = await get(`contacts/${id}/export`);
      // The file's name must not say whose it is: it stays in the list of downloads.
      saveFile(`${board.me.org.slug}-export-${id.slice(0, 8)}.json`, "application/json", `${JSON.stringify(all, null, 2)}\n`);
    })));
  return part;
}

/** @param {() => Contact} contact @param {(told?: HTMLElement) => void} again @returns {HTMLElement} */
function erasePart(contact, again) {
  const part = clone("t-erase");
  const form = one("form", part);
  const typed = field(form, "typed");
  const go = /** @type {HTMLButtonElement} */ (one(".erase-go", form));
  const same = () => plain(typed.value) === plain(contact().name);
  typed.addEventListener("input", () => (go.disabled = !same()));
  part.addEventListener("toggle", () => {
    one(".erase-type", form).textContent = t("erase_type", { name: contact().name });
    one(".erase-visits", form).hidden = !contact().next_appointment;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!same()) return;
    void attempt(form, async () => {
      const done = await ask("POST", `contacts/${contact().id}/erase`, { body: { cancel: field(form, "cancel").checked } });
      aloud(t("erased"));
      again(leftovers(done));
    }, (problem) => {
      const coming = problem instanceof Problem && problem.code === "has_appointments";
      if (coming) one(".erase-visits", form).hidden = false;
      return false;
    });
  });
  return part;
}

/** What is not done with the click: what is deleted elsewhere by and by, and what only the clinic can delete. @param {Erased} done @returns {HTMLElement | undefined} */
function leftovers({ texts_to_delete, calendar_events_to_delete, vapi_call_ids }) {
  const deleting = texts_to_delete + calendar_events_to_delete > 0 && el("p", {}, t("erased_deleting", { texts: texts_to_delete, events: calendar_events_to_delete }));
  const calls = vapi_call_ids.length > 0 && [el("p", {}, t("erased_vapi")), el("ul", {}, ...vapi_call_ids.map((id) => el("li", {}, el("code", {}, id))))];
  return deleting || calls ? el("div", { class: "refused" }, deleting, ...(calls || [])) : undefined;
}

/** @param {string} name @returns {string} a name as it is compared: spaces, case and accents aside */
const plain = (name) => name.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/\s+/g, " ").trim();
