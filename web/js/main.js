// @ts-check
/** How the page starts, and who is told what. Read this first. */

import { ask, speakFor } from "./api.js";
import { openBooking, setUpBooking } from "./book.js";
import { setClock, setNow, today, wall } from "./clock.js";
import { openContact, setUpContacts } from "./contact_panel.js";
import { appointmentFor } from "./details.js";
import { choices, dialog, field, one, translate } from "./dom.js";
import { setUpFeed } from "./feed.js";
import { drawCounts, leaveInbox, setUpInbox, showInbox } from "./inbox.js";
import { setUpLine } from "./line_sign.js";
import { goLive, hangUp, loadFeed, loadMe } from "./live.js";
import { setUpMove } from "./move.js";
import { loadOpening } from "./opening.js";
import { setUpPanel } from "./panel.js";
import { loadPreferences, setUpPreferences } from "./preferences.js";
import { explain } from "./problems.js";
import { go, route } from "./route.js";
import { goTo, setUpSchedule, showSchedule, step } from "./schedule.js";
import { setUpSearch } from "./search.js";
import { setUpShortcuts, showKeys } from "./shortcuts.js";
import { begin, onEnd, resume, signOut } from "./sign_in.js";
import { board, may, tell } from "./store.js";
import { say as aloud, setUpToasts } from "./toasts.js";
import { setUpVisits } from "./visit_panel.js";
import { meaning, speak, t } from "./words.js";

const CLINIC = "frontdesk.clinic";

async function start() {
  loadPreferences();
  await speak(navigator.language);
  translate(document.body);
  const google = googleAnswer();
  const state = await resume().catch(() => /** @type {const} */ ("failed"));
  if (state === "begin") return begin().catch(() => welcome("sign_in_away"));
  if (state !== "in") return welcome(state === "failed" ? "sign_in_failed" : null);
  try {
    await openBoard();
  } catch (problem) {
    sessionStorage.removeItem(CLINIC); // without access to this one, the next try is for the first of the others
    return welcome(null, explain(problem));
  }
  if (google) aloud(meaning("google_answer", google));
}

/** @param {"sign_in_failed" | "sign_in_away" | null} why @param {string} [text] */
function welcome(why, text = why ? t(why) : "") {
  one("#welcome").hidden = false;
  one("#board").hidden = true;
  one("#welcome-problem").textContent = text;
  one("#sign-in").addEventListener("click", () => begin().catch(() => welcome("sign_in_away")), { once: true });
}

async function openBoard() {
  speakFor(sessionStorage.getItem(CLINIC) ?? "");
  const me = await loadMe();
  await speak(me.org.language);
  setClock(me.org.time_zone, `${me.org.language}-${me.org.region}`);
  setNow(me.now);
  translate(document.body);
  setUp();
  tell("me");
  one("#welcome").hidden = true;
  one("#board").hidden = false;
  dressForRole();
  const opening = loadOpening();
  await show();
  goLive();
  void opening.then(() => tell("range"));
  void loadFeed();
  void drawCounts();
}

function setUp() {
  setUpPreferences();
  setUpPanel();
  setUpSchedule();
  setUpBooking();
  setUpMove();
  setUpVisits();
  setUpContacts();
  setUpInbox();
  setUpSearch();
  setUpLine();
  setUpFeed(openEvent);
  setUpToasts(openEvent);
  setUpDialogs();
  setUpShortcuts({
    n: () => may("staff") && openBooking(), t: () => goTo(today()), "/": () => field(document, "q").focus(),
    "?": showKeys, "[": () => step(-1), "]": () => step(1),
    d: () => go(`day/${board.day}`), w: () => go(`week/${board.day}`), l: () => go(`list/${board.day}`),
  });
  addEventListener("hashchange", () => void show());
  onEnd(() => {
    hangUp();
    dialog("ended").showModal();
  });
}

/** Every dialog has buttons that close it; those of a lost session and of signing out lead elsewhere. */
function setUpDialogs() {
  for (const close of document.querySelectorAll("dialog .close")) {
    close.addEventListener("click", () => close.closest("dialog")?.close());
  }
  one("#new-booking").addEventListener("click", () => openBooking());
  one("#show-keys").addEventListener("click", showKeys);
  one("#sign-in-again").addEventListener("click", () => void begin());
  one("#sign-out").addEventListener("click", () => void leave());
  one("#skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # is a view's
    one("#main").focus();
  });
}

async function leave() {
  hangUp();
  await ask("POST", "sign-out").catch(() => null); // closes the sockets; the token is forgotten either way
  await signOut();
}

/** Who the person is, which clinic, and what their role lets them see. */
function dressForRole() {
  const { staff, org, orgs } = board.me;
  document.title = `${org.name} · Frontdesk`;
  one("#person").textContent = staff.name;
  one("#person-role").textContent = meaning("role", staff.role);
  one("#clinic-name").textContent = org.name;
  one("#clinic-choice").hidden = orgs.length < 2;
  const clinic = field(document, "clinic");
  choices(clinic, orgs.map((each) => [each.slug, each.name]), org.slug);
  clinic.addEventListener("change", () => {
    sessionStorage.setItem(CLINIC, clinic.value);
    location.reload();
  });
  for (const part of document.querySelectorAll("[data-role]")) {
    if (part instanceof HTMLElement) part.hidden = !may(/** @type {Role} */ (part.dataset.role));
  }
}

/** Places whose code comes when it is wanted. @type {Record<string, () => Promise<{ show: (part: string) => Promise<void>, leave: () => void }>>} */
const LATER = {
  calls: () => import("./calls.js").then(({ showCalls, leaveCalls }) => ({ show: showCalls, leave: leaveCalls })),
  insight: () => import("./insight.js").then(({ showInsight, leaveInsight }) => ({ show: showInsight, leave: leaveInsight })),
};
let elsewhere = { place: "", leave: () => {} };

/** Show what the address says. */
async function show() {
  const { place: wanted, part, day } = route();
  const beside = wanted === "activity" && getComputedStyle(one("#places .only-narrow")).display === "none";
  const place = beside ? "schedule" : wanted; // on wide screens the news stand beside everything
  for (const section of document.querySelectorAll("main > section")) {
    if (section instanceof HTMLElement) section.hidden = section.id !== place;
  }
  document.documentElement.dataset.place = place;
  for (const link of document.querySelectorAll("#places a")) {
    if (link.getAttribute("href") === `#/${place}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (place !== "inbox") leaveInbox();
  if (place !== elsewhere.place) elsewhere.leave();
  elsewhere = { place, leave: () => {} };
  if (place === "schedule") return showSchedule(/** @type {"day"} */ (part), day);
  if (place === "inbox") return showInbox(part);
  if (place in LATER) {
    const { show: open, leave } = await LATER[place]();
    if (elsewhere.place !== place) return; // the person has gone on meanwhile
    elsewhere.leave = leave;
    return open(part);
  }
  if (place === "settings") return (await import("./settings.js")).showSettings(part);
}

/**
 * Show what an event is about.
 * @param {BoardEvent} event
 */
async function openEvent(event) {
  const { call_id } = event;
  if (call_id && /^(call|lead)\./.test(event.type)) return (await import("./call_panel.js")).openCall(call_id);
  if (event.appointment_id) {
    const visit = await appointmentFor(event.appointment_id);
    if (visit) {
      const { day } = wall(visit.starts_at);
      if (board.day !== day || route().place !== "schedule") goTo(day);
    }
    const { openVisit } = await import("./visit_panel.js");
    return openVisit(event.appointment_id);
  }
  if (event.follow_up_id) return go("inbox/follow-ups");
  if (event.contact_id) return openContact(event.contact_id);
}

/** @returns {string | null} what became of a trip to Google, told in the address */
function googleAnswer() {
  const query = new URLSearchParams(location.search);
  const answer = query.get("google");
  if (answer) history.replaceState(null, "", `/${location.hash}`);
  return answer;
}

void start();
