// @ts-check
/** Who may use the board, and as what. */

import { ask, get } from "./api.js";
import { say } from "./clock.js";
import { el } from "./dom.js";
import { doingForSure, group, labelled, savingForm, text } from "./forms.js";
import { board } from "./store.js";
import { meaning, t } from "./words.js";

/** @returns {[string, string][]} */
const roles = () => [["reader", t("role_reader_more")], ["staff", t("role_staff_more")], ["admin", t("role_admin_more")]];

/** @param {() => Promise<void>} again @returns {Promise<HTMLElement[]>} */
export async function drawTeam(again) {
  const { items } = await get("staff");
  const invite = savingForm([
    labelled(t("email"), "email", { type: "email", required: true, maxlength: 254 }), labelled(t("name"), "name", { required: true, maxlength: 120 }),
    labelled(t("role"), "role", { choices: roles(), value: "staff" }),
  ], t("invite"), async (data) => {
    await ask("POST", "staff", { body: { email: text(data, "email"), name: text(data, "name"), role: text(data, "role") }, key: crypto.randomUUID() });
    await again();
    return t("invited");
  }, "form");
  return [group(t("set_team"), el("ul", { class: "lines" }, ...items.map((/** @type {any} */ each) => memberLine(each, again)))), group(t("invite"), el("p", { class: "hint" }, t("invite_hint")), invite)];
}

/** @param {any} member @param {() => Promise<void>} again @returns {HTMLElement} */
function memberLine(member, again) {
  const gone = member.state === "revoked";
  const seen = member.last_seen_at ? t("seen_at", { when: say("stamp", member.last_seen_at) }) : meaning("member", member.state);
  const form = savingForm([labelled(t("name"), "name", { value: member.name, required: true }), labelled(t("role"), "role", { choices: roles(), value: member.role })], t("save"), async (data) => {
    await ask("PATCH", `staff/${member.id}`, { body: { name: text(data, "name"), role: text(data, "role") } });
    await again();
  }, "form");
  return el("li", { class: gone ? "off" : "" },
    el("span", { class: "grow" }, el("strong", {}, member.name), el("small", {}, `${member.email} · ${meaning("role", member.role)} · ${gone ? meaning("member", "revoked") : seen}`)),
    !gone && member.id !== board.me.staff.id && doingForSure(t("end_access"), t("end_access_sure"), async () => {
      await ask("POST", `staff/${member.id}/revoke`);
      await again();
    }),
    !gone && el("details", { class: "grow" }, el("summary", {}, t("change")), form));
}
