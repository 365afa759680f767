// @ts-check
/**
 * Signing in with OpenID Connect: authorization code with PKCE (RFC 7636), as a public client.
 * The tokens live in sessionStorage: they die with the tab, and no other tab or site reads them.
 */

const KEEP = "frontdesk.session";
const TRIP = "frontdesk.trip";
const EARLY = 90_000; // milliseconds before a token's end

/** @typedef {{ issuer: string, client_id: string, authorize_url: string, token_url: string, sign_out_url?: string, scopes: string[] }} Config */
/** @typedef {{ token: string, refresh: string | null, expires: number }} Session */

/** @type {Session | null} */
let session = null;
/** @type {Promise<boolean> | null} */
let renewal = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let ended = () => {};

/** @returns {string} the token requests carry, or "" */
export const token = () => session?.token ?? "";

/** @param {() => void} listener told once the person is not signed in any more */
export function onEnd(listener) {
  ended = listener;
}

/** @returns {Promise<Config>} */
async function config() {
  const response = await fetch("/api/staff/sign-in", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error("sign-in is not set up");
  return response.json();
}

/**
 * Go on with the session of this tab, or finish a sign-in that is under way.
 * @returns {Promise<"in" | "out" | "begin" | "failed">}
 */
export async function resume() {
  const query = new URLSearchParams(location.search);
  if (query.has("code") || query.has("error")) return finish(query);
  const kept = sessionStorage.getItem(KEEP);
  if (query.has("sign-in")) return "begin"; // somebody else may have signed in at the issuer since
  if (kept === null) return "out";
  keep(JSON.parse(kept));
  if ((session?.expires ?? 0) > Date.now() + 5_000) return "in";
  return (await renewed()) ? "in" : "out";
}

/** Leave for the issuer's page. The verifier stays here, only its hash goes along. */
export async function begin() {
  const { authorize_url, client_id, scopes } = await config();
  const trip = { state: random(), nonce: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(TRIP, JSON.stringify(trip));
  const url = new URL(authorize_url);
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(trip.verifier));
  for (const [name, value] of Object.entries({
    response_type: "code", client_id, redirect_uri: home(), scope: scopes.join(" "), state: trip.state,
    nonce: trip.nonce, code_challenge: base64url(new Uint8Array(challenge)), code_challenge_method: "S256",
  })) url.searchParams.set(name, value);
  location.assign(url);
}

/**
 * @param {URLSearchParams} query
 * @returns {Promise<"in" | "failed">}
 */
async function finish(query) {
  const trip = JSON.parse(sessionStorage.getItem(TRIP) ?? "null");
  sessionStorage.removeItem(TRIP);
  history.replaceState(null, "", `/${trip?.hash ?? ""}`);
  const code = query.get("code");
  if (!trip || !code || query.get("state") !== trip.state) return "failed";
  const got = await exchange({ grant_type: "authorization_code", code, redirect_uri: home(), code_verifier: trip.verifier });
  if (!got || claims(got.token).nonce !== trip.nonce) return "failed";
  keep(got);
  return "in";
}

/**
 * Get a fresh token, once however many ask. False: the person must sign in again.
 * @returns {Promise<boolean>}
 */
export function renewed() {
  renewal ??= renew().finally(() => (renewal = null));
  return renewal;
}

/** @returns {Promise<boolean>} */
async function renew() {
  const refresh = session?.refresh;
  const got = refresh ? await exchange({ grant_type: "refresh_token", refresh_token: refresh }) : null;
  if (got) {
    keep({ ...got, refresh: got.refresh ?? refresh ?? null });
    return true;
  }
  if (session && session.expires > Date.now() + 5_000) return false; // refused for another reason than age
  forget();
  ended();
  return false;
}

/**
 * @param {Record<string, string>} form
 * @returns {Promise<Session | null>}
 */
async function exchange(form) {
  try {
    const { token_url, client_id } = await config();
    const response = await fetch(token_url, { method: "POST", body: new URLSearchParams({ client_id, ...form }) });
    if (!response.ok) return null;
    const { id_token, refresh_token } = await response.json();
    return { token: id_token, refresh: refresh_token ?? null, expires: claims(id_token).exp * 1000 };
  } catch {
    return null;
  }
}

/** @param {Session} got */
function keep(got) {
  session = got;
  sessionStorage.setItem(KEEP, JSON.stringify(got));
  clearTimeout(timer);
  // setTimeout counts 31 bits of milliseconds; a longer life needs no plan.
  const wait = Math.min(Math.max(got.expires - Date.now() - EARLY, 1_000), 2 ** 31 - 1);
  if (got.refresh) timer = setTimeout(() => void renewed(), wait);
}

function forget() {
  session = null;
  clearTimeout(timer);
  sessionStorage.removeItem(KEEP);
}

/** Forget the tokens and end the session at the issuer too, where it has a page for that. */
export async function signOut() {
  forget();
  const { sign_out_url, client_id } = await config().catch(() => /** @type {Config} */ ({}));
  if (!sign_out_url) return location.assign("/");
  const url = new URL(sign_out_url);
  url.searchParams.set("client_id", client_id);
  url.searchParams.set("logout_uri", home()); // Cognito's name for it; the standard's is the next
  url.searchParams.set("post_logout_redirect_uri", home());
  location.assign(url);
}

/**
 * Read what a token says. Only the server checks it; we need its end and its nonce.
 * @param {string} jwt
 * @returns {{ exp: number, nonce?: string }}
 */
function claims(jwt) {
  const bytes = Uint8Array.from(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

const home = () => `${location.origin}/`;
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {Uint8Array} bytes @returns {string} */
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
