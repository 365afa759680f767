// @ts-check
/** Choosing when and with whom: a day, the free times of it, or any other time typed in. */

import { get } from "./api.js";
import { clock, instant, instantOf, iso, addDays, say, today, wall } from "./clock.js";
import { choices, el, field, one } from "./dom.js";
import { explain } from "./problems.js";
import { board, providers } from "./store.js";
import { t } from "./words.js";

/** @typedef {{ starts_at: string, provider_id: string | null }} Choice */

/**
 * Bring a picker (the template t-picker, already in `root`) to life.
 * @param {HTMLElement} root
 * @param {() => string} service the id of the service to find times for
 */
export function makePicker(root, service) {
  const day = field(root, "day");
  const provider = field(root, "provider_id");
  const slots = one(".slots", root);
  const other = field(root, "other");
  let asked = 0;
  /** @type {string} the instant to have chosen once the free times are here */
  let wish = "";

  async function refresh() {
    const mine = ++asked;
    slots.ariaBusy = "true";
    try {
      const from = instant(day.value || today(), 0);
      const to = instant(addDays(day.value || today(), 1), 0);
      const query = { service_id: service(), provider_id: provider.value, from: iso(from), to: iso(to), limit: 200 };
      const { items } = await get("slots", query);
      if (mine === asked) draw(items);
    } catch (problem) {
      if (mine === asked) slots.replaceChildren(el("p", { class: "hint" }, explain(problem)));
    } finally {
      if (mine === asked) slots.ariaBusy = "false";
    }
  }

  /** @param {Slot[]} items */
  function draw(items) {
    const named = !provider.value && providers().length > 1;
    const seen = new Set();
    const those = items.filter(({ starts_at }) => named || (!seen.has(starts_at) && seen.add(starts_at)));
    slots.replaceChildren(...(those.length ? those.map((each) => radio(each, named)) : [el("p", { class: "hint" }, t("no_slots"))]));
    if (wish) choose(wish);
  }

  /** @param {Slot} slot @param {boolean} named */
  function radio(slot, named) {
    const input = el("input", { type: "radio", name: "slot", value: `${slot.starts_at} ${slot.provider_id}` });
    input.addEventListener("change", () => {
      other.value = "";
      wish = "";
    });
    return el("label", { class: "slot" }, input, el("span", {}, say("time", slot.starts_at), named && el("small", {}, slot.provider_name)));
  }

  /** @param {string} starts ISO */
  function choose(starts) {
    wish = starts;
    const at = Date.parse(starts);
    const inputs = /** @type {HTMLInputElement[]} */ ([...slots.querySelectorAll("input")]);
    const free = inputs.find((input) => Date.parse(input.value.split(" ")[0]) === at);
    if (free) free.checked = true;
    other.value = free ? "" : clock(wall(at).minute);
  }

  provider.addEventListener("change", () => void refresh());
  day.addEventListener("change", () => void refresh());
  other.addEventListener("input", () => {
    wish = "";
    for (const input of slots.querySelectorAll("input")) input.checked = false;
  });

  return {
    refresh,
    /**
     * Start with a day, and perhaps a time and a provider, preferred.
     * @param {{ day: string, minute?: number, provider?: string, any?: boolean }} wanted any: "any provider" may be chosen
     */
    set(wanted) {
      const those = board.me.providers.filter((each) => each.active && (!service() || each.service_ids.includes(service()) || each.id === wanted.provider));
      /** @type {[string, string][]} */
      const anyone = wanted.any && those.length > 1 ? [["", t("any_provider")]] : [];
      choices(provider, [...anyone, ...those.map((each) => /** @type {[string, string]} */ ([each.id, each.name]))], wanted.provider ?? "");
      day.value = wanted.day;
      wish = wanted.minute === undefined ? "" : iso(instant(wanted.day, wanted.minute));
      other.value = wanted.minute === undefined ? "" : clock(wanted.minute);
      slots.replaceChildren();
      return refresh();
    },
    /**
     * Take one of the times the server offered instead.
     * @param {Slot} slot
     */
    take(slot) {
      day.value = wall(slot.starts_at).day;
      if (provider.value) provider.value = slot.provider_id;
      wish = slot.starts_at;
      return refresh();
    },
    /** @returns {Choice | null} */
    get chosen() {
      const free = slots.querySelector("input:checked");
      if (free instanceof HTMLInputElement) {
        const [starts_at, provider_id] = free.value.split(" ");
        return { starts_at, provider_id };
      }
      if (!other.value || !day.value) return null;
      return { starts_at: iso(instantOf(day.value, other.value)), provider_id: provider.value || null };
    },
  };
}
