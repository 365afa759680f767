// @ts-check
/** Providers and services: who does what, and how long it takes. */

import { ask, get } from "./api.js";
import { el } from "./dom.js";
import { doing, group, labelled, savingForm, text } from "./forms.js";
import { count, t } from "./words.js";

/** @param {{ outside_count?: number }} answer @returns {string | void} a warning, if visits now lie outside */
export const outside = ({ outside_count }) => (outside_count ? count("outside", outside_count) : undefined);

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawProviders(again) {
  const [{ items }, services] = await Promise.all([get("providers"), get("services")]);
  const lines = items.map((/** @type {any} */ each) => providerLine(each, services.items, again));
  const add = savingForm([labelled(t("name"), "name", { required: true, maxlength: 120 })], t("add"), async (data) => {
    await ask("POST", "providers", { body: { name: text(data, "name") }, key: crypto.randomUUID() });
    await again();
    return t("provider_added");
  });
  return [group(t("set_providers"), el("ul", { class: "lines" }, ...lines)), group(t("add_provider"), add)];
}

/** @param {any} provider @param {Service[]} services @param {() => Promise<void>} again @returns {HTMLElement} */
function providerLine(provider, services, again) {
  const change = async (/** @type {Record<string, any>} */ body) => {
    const told = await ask("PATCH", `providers/${provider.id}`, { body: { version: provider.version, ...body } });
    await again();
    return outside(told);
  };
  const offered = services.filter((each) => each.active || provider.service_ids.includes(each.id)).map((each) =>
    el("label", { class: "check" }, el("input", { type: "checkbox", name: "service", value: each.id, checked: provider.service_ids.includes(each.id) }), each.name));
  const form = savingForm([labelled(t("name"), "name", { value: provider.name, required: true, maxlength: 120 }),
    el("fieldset", {}, el("legend", { class: "hint" }, t("does")), ...offered)], t("save"),
  (data) => change({ name: text(data, "name"), service_ids: data.getAll("service").map(String) }), "form");
  return el("li", { class: provider.active ? "" : "off" },
    el("span", { class: "grow" }, el("strong", {}, provider.name), el("small", {}, provider.active ? servicesOf(provider, services) : t("not_active"))),
    doing(t(provider.active ? "retire" : "bring_back"), () => change({ active: !provider.active })),
    el("details", { class: "grow" }, el("summary", {}, t("change")), form));
}

/** @param {any} provider @param {Service[]} services @returns {string} */
const servicesOf = (provider, services) => services.filter((each) => provider.service_ids.includes(each.id)).map((each) => each.name).join(", ");

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawServices(again) {
  const { items } = await get("services");
  const lines = items.map((/** @type {any} */ each) => serviceLine(each, again));
  const add = savingForm(serviceFields({}), t("add"), async (data) => {
    await ask("POST", "services", { body: serviceOf(data), key: crypto.randomUUID() });
    await again();
  }, "form");
  return [group(t("set_services"), el("ul", { class: "lines" }, ...lines)), group(t("add_service"), add)];
}

/** @param {any} service @param {() => Promise<void>} again @returns {HTMLElement} */
function serviceLine(service, again) {
  const change = async (/** @type {Record<string, any>} */ body) => {
    await ask("PATCH", `services/${service.id}`, { body: { version: service.version, ...body } });
    await again();
  };
  return el("li", { class: service.active ? "" : "off" },
    el("span", { class: "grow" }, el("strong", {}, service.name), el("small", {}, `${count("minutes", service.duration_minutes)}${service.active ? "" : ` · ${t("not_active")}`}`)),
    doing(t(service.active ? "retire" : "bring_back"), () => change({ active: !service.active })),
    el("details", { class: "grow" }, el("summary", {}, t("change")), savingForm(serviceFields(service), t("save"), (data) => change(serviceOf(data)), "form")));
}

/** @param {any} service @returns {Node[]} */
const serviceFields = (service) => [
  labelled(t("name"), "name", { value: service.name, required: true, maxlength: 120 }),
  labelled(t("duration"), "duration_minutes", { value: service.duration_minutes ?? 30, type: "number", min: 5, max: 480, required: true }),
  labelled(t("aliases"), "aliases", { value: (service.aliases ?? []).join(", ") }, t("aliases_hint")),
  labelled(t("buffer_before"), "buffer_before_minutes", { value: service.buffer_before_minutes ?? 0, type: "number", min: 0, max: 120 }),
  labelled(t("buffer_after"), "buffer_after_minutes", { value: service.buffer_after_minutes ?? 0, type: "number", min: 0, max: 120 }),
];

/** @param {FormData} data */
const serviceOf = (data) => ({
  name: text(data, "name"), duration_minutes: Number(text(data, "duration_minutes")),
  aliases: text(data, "aliases").split(",").map((each) => each.trim()).filter(Boolean),
  buffer_before_minutes: Number(text(data, "buffer_before_minutes")), buffer_after_minutes: Number(text(data, "buffer_after_minutes")),
});
