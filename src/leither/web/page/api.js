// The node's HTTP API, and the session this browser has with it.

const BASE = "/api/v1";
export const KEY = "leither.session";

export class Problem extends Error {
  constructor(status, details) {
    super(details.detail || `the node answered ${status}`);
    this.status = status;
    this.code = details.code;
  }
}

export const token = () => localStorage.getItem(KEY);
export const forget = () => localStorage.removeItem(KEY);

export function headers() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

export async function call(method, path, body) {
  const options = { method, headers: headers(), cache: "no-store", credentials: "omit" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(BASE + path, options);
  } catch {
    throw new Problem(0, { detail: "The node does not answer. Is it still running?" });
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

// Everything of a paged list.
export async function all(path) {
  const items = [];
  let next = null;
  do {
    const joint = path.includes("?") ? "&" : "?";
    const page = await call("GET", next == null ? path : `${path}${joint}cursor=${encodeURIComponent(next)}`);
    items.push(...page.items);
    next = page.next;
  } while (next != null);
  return items;
}

// Send a large body with news of how far it got.
export function upload(path, body, type, onprogress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", BASE + path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", type);
    request.responseType = "json";
    request.upload.onprogress = (event) => onprogress(event.loaded, event.total);
    request.onload = () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.status, request.response || {}));
    };
    request.onerror = () => reject(new Problem(0, { detail: "The connection broke; nothing was changed." }));
    request.send(body);
  });
}

// What lets somebody in stands behind the # of an address, which is sent to nobody and is in no Referer.
const KEYS = { code: "/session", passport: "/session/visit" };
const ENTRY = /^#(code|passport)=([A-Za-z0-9_=-]+)$/;

export const enters = (hash) => ENTRY.test(hash);

// Exchange the one-time code or passport in the address for a session, and take it out of the address first.
export async function enter() {
  const found = ENTRY.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", "/");
  const session = await call("POST", KEYS[found[1]], { [found[1]]: found[2] });
  localStorage.setItem(KEY, session.token);
}

// The code of an invitation in the address, which it is taken out of; null without one.
export function invitation() {
  const found = /^#invite=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", "/");
  return found[1];
}

export async function leave() {
  try {
    await call("DELETE", "/session");
  } finally {
    forget();
  }
}

// Who this browser is to the node; a session that ended is forgotten.
export async function whoami() {
  if (!token()) return null;
  try {
    return await call("GET", "/session");
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    forget();
    return null;
  }
}
