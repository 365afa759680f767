// @ts-check
/** Asking the staff API: JSON with the person's token, problems as exceptions, lists page by page. */

import { token, renewed } from "./sign_in.js";

const PATIENCE = 15_000; // milliseconds; the function behind it has 12 s

/** What the server said no to; `status` 0: there was no answer at all. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {ProblemBody} body
   */
  constructor(status, body) {
    super(body.detail ?? body.title ?? body.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
  }
}

let clinic = "";

/**
 * Speak for one of the person's clinics from now on.
 * @param {string} slug empty: the first of them
 */
export function speakFor(slug) {
  clinic = slug;
}

/**
 * Ask once. A read is asked again when the network or the server stumbled; a write never is, unless it has a key.
 * @param {string} method
 * @param {string} path under /api/staff/, or from the root
 * @param {{ query?: Record<string, any>, body?: any, key?: string, signal?: AbortSignal, text?: boolean }} [options] text: the answer is none of JSON
 * @returns {Promise<any>}
 */
export async function ask(method, path, options = {}) {
  const repeatable = method === "GET" || options.key !== undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(method, path, options);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401 && attempt === 1 && (await renewed())) continue;
      const passing = [0, 502, 503].includes(problem.status) && repeatable && attempt < 3 && !options.signal?.aborted;
      if (!passing) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
    }
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{ query?: Record<string, any>, body?: any, key?: string, signal?: AbortSignal, text?: boolean }} options
 * @returns {Promise<any>}
 */
async function send(method, path, { query, body, key, signal, text: plain = false }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: plain ? "text/csv, application/problem+json" : "application/json", Authorization: `Bearer ${token()}` };
  if (clinic) headers["X-Org"] = clinic;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    const limit = AbortSignal.timeout(PATIENCE);
    response = await fetch(address(path, query), {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit, cache: "no-store", credentials: "same-origin",
    });
    text = await response.text();
  } catch {
    throw new Problem(0, { code: "no_answer" });
  }
  if (response.ok && plain) return text;
  const answer = parsed(text);
  if (response.ok) return answer;
  throw new Problem(response.status, answer && typeof answer === "object" ? answer : {});
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {string} path
 * @param {Record<string, any>} [query] lists are repeated, null and "" are left out
 * @returns {string}
 */
function address(path, query = {}) {
  const url = new URL(path.startsWith("/") ? path : `/api/staff/${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") url.searchParams.append(name, String(each));
    }
  }
  return url.href;
}

/** @param {string} path @param {Record<string, any>} [query] @param {AbortSignal} [signal] */
export const get = (path, query, signal) => ask("GET", path, { query, signal });

/**
 * Fetch a list whole, page after page.
 * @param {string} path
 * @param {Record<string, any>} query
 * @param {number} [most] pages
 * @returns {Promise<any[]>}
 */
export async function all(path, query, most = 20) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < most; page++) {
    const answer = await get(path, { ...query, cursor });
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return items;
}
