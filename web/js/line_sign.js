// @ts-check
/** Whether what is on the page is the present: always said, never by colour alone. */

import { say } from "./clock.js";
import { el, one } from "./dom.js";
import { board, may, on } from "./store.js";
import { meaning, t } from "./words.js";

/** Keep the sign and the banners in step. */
export function setUpLine() {
  on("line", drawLine);
  on("me", drawBanners);
}

function drawLine() {
  const sign = one("#line");
  const text = board.line === "live" || board.line === "connecting" ? t(`line_${board.line}`)
    : t(`line_${board.line}`, { time: say("time", board.fresh) });
  if (sign.dataset.state === board.line && one(".line-text", sign).textContent === text) return;
  sign.dataset.state = board.line;
  one(".line-text", sign).textContent = text;
}

/** What stops working until somebody acts. */
function drawBanners() {
  const { google, sms } = board.me;
  const banners = [];
  if (google?.status === "reconnect_required") {
    const link = may("admin") && el("a", { href: "#/settings/google" }, t("reconnect_google"));
    banners.push(el("p", { class: "banner" }, t("google_paused", { reason: meaning("error", google.reason) }), " ", link));
  }
  if (sms?.paused_reason) banners.push(el("p", { class: "banner" }, t("sms_paused", { reason: meaning("error", sms.paused_reason) })));
  one("#banners").replaceChildren(...banners);
}
