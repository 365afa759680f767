// @ts-check
/** The wording of the texts patients get, in each language, with how it will read. */

import { ask, get } from "./api.js";
import { el } from "./dom.js";
import { doing, group, labelled, savingForm, text } from "./forms.js";
import { count, meaning, t } from "./words.js";

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawTexts(again) {
  const { items } = await get("templates");
  const languages = [...new Set(items.map((/** @type {any} */ each) => each.language))];
  const lists = languages.map((language) => group(new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(String(language)) ?? String(language),
    el("ul", { class: "lines" }, ...items.filter((/** @type {any} */ each) => each.language === language).map((/** @type {any} */ each) => templateLine(each, again)))));
  return [el("p", { class: "hint" }, t("texts_hint")), ...lists];
}

/** @param {any} template @param {() => Promise<void>} again @returns {HTMLElement} */
function templateLine(template, again) {
  const path = `templates/${template.event}/${template.language}`;
  const form = savingForm([
    labelled(t("wording"), "body", { type: "textarea", rows: 4, maxlength: 1600, value: template.body, required: true },
      t("placeholders", { list: template.placeholders.map((/** @type {string} */ each) => `{${each}}`).join(" ") })),
  ], t("save"), async (data) => {
    await ask("PUT", path, { body: { body: text(data, "body") } });
    await again();
  }, "form one");
  const reset = template.own && doing(t("back_to_ours"), async () => {
    await ask("DELETE", path);
    await again();
  });
  const facts = [template.own ? t("own_wording") : t("our_wording"), count("segments", template.segments), ...template.warnings].join(" · ");
  return el("li", {}, el("div", { class: "grow" }, el("strong", {}, meaning("kind", template.event)), el("p", { class: "said" }, template.preview), el("small", {}, facts)),
    reset, el("details", { class: "grow" }, el("summary", {}, t("change")), form));
}
