// @ts-check
// The patient's phone: asks the fake once a second whether anything changed, and draws what did.
// Texts come from strangers as far as a page can know, so they only ever become textContent.

const PAUSE_MS = 1000;
const E_164 = /^\+[1-9]\d{6,14}$/;

/** @typedef {{sid: string, mine: boolean, clinic: string, clinic_name: string, body: string, status: string, error_code: number|null, at: number}} Text */
/** @typedef {{changes: number, phones: string[], number: string|null, clinics: {number: string, name: string}[], texts: Text[]}} View */

/** @param {string} id @returns {any} */
const part = (id) => document.getElementById(id);

const state = {
  /** @type {string|null} */ number: null,
  /** @type {number|null} */ seen: null,
  /** @type {string} the clinic the reply box was last set to by a text, so that one's own choice stays */
  answered: "",
  drawn: "",
};

/** @param {string} path @param {object} body */
async function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function look() {
  const number = state.number;
  const response = await post("/phone/view", { number, seen: state.seen });
  if (response.status === 204 || number !== state.number) return;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  /** @type {View} */
  const view = await response.json();
  state.seen = view.changes;
  if (state.number === null && view.number !== null) choose(view.number, view.changes);
  draw(view);
}

/** @param {string} number @param {number|null} seen */
function choose(number, seen) {
  state.number = number;
  state.seen = seen;
  part("number").value = number;
}

/** @param {View} view */
function draw(view) {
  drawPhones(view.phones);
  drawClinics(view);
  drawEmpty(view);
  const drawn = JSON.stringify([view.number, view.texts]);
  if (drawn === state.drawn) return;
  state.drawn = drawn;
  drawTexts(view.texts);
}

/** @param {string[]} phones */
function drawPhones(phones) {
  const focused = document.activeElement instanceof HTMLButtonElement ? document.activeElement.dataset.phone : null;
  part("numbers").replaceChildren(
    ...phones.map((phone) => Object.assign(document.createElement("option"), { value: phone })),
  );
  const buttons = phones.slice(0, 12).map((phone) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.phone = phone;
    button.textContent = phone;
    button.setAttribute("aria-pressed", String(phone === state.number));
    button.addEventListener("click", () => open(phone));
    return button;
  });
  part("recent").replaceChildren(...buttons);
  buttons.find((button) => button.dataset.phone === focused)?.focus();
}

/** @param {View} view */
function drawClinics(view) {
  const select = part("clinic");
  if (select.options.length !== view.clinics.length) {
    select.replaceChildren(
      ...view.clinics.map(({ number, name }) =>
        Object.assign(document.createElement("option"), { value: number, textContent: name }),
      ),
    );
  }
  const last = view.texts.at(-1);
  if (last && last.sid !== state.answered) {
    state.answered = last.sid;
    select.value = last.clinic;
  }
}

/** @param {View} view */
function drawEmpty(view) {
  const none = view.texts.length === 0;
  part("empty").hidden = !none;
  part("texts").hidden = none;
  if (!none) return;
  part("empty-title").textContent = state.number ? `No texts on ${state.number} yet` : "No texts yet";
  part("empty-hint").textContent = "Run “make call” in another terminal to book a visit, or write to a clinic below.";
}

/** @param {Text[]} texts */
function drawTexts(texts) {
  const list = part("texts");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60 || list.childElementCount === 0;
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  /** @type {HTMLElement[]} */
  const items = [];
  let day = "";
  for (const text of texts) {
    const at = new Date(text.at * 1000);
    const thisDay = at.toLocaleDateString(undefined, { weekday: "long", month: "long", day: "numeric" });
    if (thisDay !== day) {
      day = thisDay;
      items.push(kept(known, `day ${day}`, () => dayItem(day)));
    }
    items.push(kept(known, `${text.sid} ${text.error_code}`, () => textItem(text, at)));
  }
  // Only what is new is put in, so that a screen reader reads the new text and not all of them again.
  items.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  while (list.childElementCount > items.length) list.lastElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** @param {Map<string|undefined, any>} known @param {string} key @param {() => HTMLElement} make */
function kept(known, key, make) {
  const item = known.get(key) ?? make();
  item.dataset.key = key;
  return item;
}

/** @param {string} day */
function dayItem(day) {
  return Object.assign(document.createElement("li"), { className: "day", textContent: day });
}

/** @param {Text} text @param {Date} at */
function textItem(text, at) {
  const item = document.createElement("li");
  const bubble = Object.assign(document.createElement("p"), { className: "bubble", textContent: text.body });
  const time = Object.assign(document.createElement("time"), {
    dateTime: at.toISOString(),
    textContent: at.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" }),
  });
  const about = Object.assign(document.createElement("p"), { className: "about" });
  const who = text.mine ? `You to ${text.clinic_name}` : text.clinic_name;
  about.append(`${who} · `, time);
  if (text.error_code) about.append(` · did not arrive (${text.error_code})`);
  item.className = `text${text.mine ? " mine" : ""}${text.error_code ? " failed" : ""}`;
  item.append(bubble, about);
  return item;
}

/** @param {string} number */
function open(number) {
  choose(number, null);
  part("choose-problem").textContent = "";
  lookNow();
}

function lookNow() {
  look().then(
    () => { part("line").textContent = ""; },
    () => { part("line").textContent = "The local stack does not answer. Is `make run` still up?"; },
  );
}

/** @param {string} body */
async function send(body) {
  const problem = part("reply-problem");
  problem.textContent = "";
  if (state.number === null) {
    problem.textContent = "Enter the phone number first from which to write.";
    part("number").focus();
    return;
  }
  if (body.trim() === "") {
    problem.textContent = "Write something first.";
    return;
  }
  part("send").disabled = true;
  try {
    const response = await post("/inbound", { from: state.number, to: part("clinic").value, body });
    const answer = await response.json();
    if (!response.ok) problem.textContent = answer.error;
    else if (answer.http_status === null) problem.textContent = "Sent, but the clinic's webhook did not answer.";
    else if (answer.http_status >= 300) problem.textContent = `Sent, but the clinic's webhook answered ${answer.http_status}.`;
    if (response.ok) part("body").value = "";
  } catch {
    problem.textContent = "Not sent: the local stack does not answer.";
  } finally {
    part("send").disabled = false;
  }
  lookNow();
}

part("choose").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const number = part("number").value.replace(/[\s().-]/g, "");
  if (E_164.test(number)) open(number);
  else part("choose-problem").textContent = "A number looks like +12025550147: plus, country, digits.";
});

part("reply").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  send(part("body").value);
});

part("body").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    part("reply").requestSubmit();
  }
});

for (const button of document.querySelectorAll(".quick button")) {
  button.addEventListener("click", () => send(/** @type {HTMLElement} */ (button).dataset.text ?? ""));
}

lookNow();
setInterval(() => { if (!document.hidden) lookNow(); }, PAUSE_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) lookNow(); });
