// Signing in by a passkey, and the passkeys of whoever is signed in.

import { KEY, call } from "/static/api.js";
import { ask, h, notify, when } from "/static/dom.js";

// Why this browser can't use passkeys here; null if it can.
export function unavailable() {
  const { hostname, port } = location;
  if (/^[\d.]+$|^\[/.test(hostname)) {
    return `Passkeys work under a name, not at the address ${hostname}. On the machine of the node, open http://localhost${port ? `:${port}` : ""}/ instead.`;
  }
  if (!isSecureContext) return "Passkeys work over https, and at localhost; this page came without.";
  if (!window.PublicKeyCredential) return "This browser has no passkeys.";
  return null;
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// What went wrong, in words; null where the person themselves changed their mind.
function reason(problem) {
  if (problem.name === "NotAllowedError" || problem.name === "AbortError") return null;
  if (problem.name === "InvalidStateError") return "This device has a passkey for you here already.";
  return problem.message;
}

export async function signInByPasskey() {
  const why = unavailable();
  if (why) return notify(why, { bad: true });
  try {
    const { options } = await call("POST", "/session/passkey/begin");
    const used = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: [] } });
    const { clientDataJSON, authenticatorData, signature } = used.response;
    const session = await call("POST", "/session/passkey", {
      id: used.id, client_data: text(clientDataJSON), authenticator_data: text(authenticatorData), signature: text(signature),
    });
    localStorage.setItem(KEY, session.token);
    location.reload();
  } catch (problem) {
    const words = reason(problem);
    if (words) notify(words, { bad: true });
  }
}

async function add(name) {
  const { options } = await call("POST", "/passkeys/begin");
  const excluded = (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = await navigator.credentials.create({ publicKey: {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: excluded,
  } });
  const { clientDataJSON, attestationObject } = made.response;
  await call("POST", "/passkeys", { name, id: made.id, client_data: text(clientDataJSON), attestation: text(attestationObject) });
}

export async function showPasskeys(main, session) {
  if (session?.scope !== "owner") {
    main.replaceChildren(h("p", { class: "empty" }, "Sign in to see your passkeys."));
    return;
  }
  const again = () => showPasskeys(main, session);
  const held = await call("GET", "/passkeys");
  main.replaceChildren(
    h("div", { class: "heading" }, h("h1", {}, "Your passkeys")),
    h("p", {}, "A passkey signs you in with what unlocks your device, a finger, a face or a code. There is no secret to remember, and none that a false page could ask you for."),
    adding(again),
    held.length
      ? h("ul", { class: "cards" }, held.map((one) => card(one, again)))
      : h("p", { class: "empty" }, "You have none yet."));
}

function adding(again) {
  const why = unavailable();
  if (why) return h("p", { class: "hint soft", id: "no-passkeys" }, why);
  const name = h("input", { id: "passkey-name", type: "text", required: true, maxlength: "50", autocomplete: "off" });
  const button = h("button", { type: "submit", class: "primary" }, "Add a passkey");
  return h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await add(name.value.trim());
        notify("From now on this passkey signs you in here.");
        await again();
      } catch (problem) {
        const words = reason(problem);
        if (words) notify(words, { bad: true });
      } finally {
        button.disabled = false;
      }
    },
  }, h("label", { for: "passkey-name" }, "What to call it, such as the name of the device"), name, h("div", { class: "actions" }, button));
}

function card(passkey, again) {
  const change = (work) => async () => {
    try {
      if (await work()) await again();
    } catch (problem) {
      notify(problem.message, { bad: true });
    }
  };
  const name = h("input", { type: "text", value: passkey.name, maxlength: "50", "aria-label": `New name of ${passkey.name}` });
  const rename = async () => {
    await call("PATCH", `/passkeys/${passkey.id}`, { name: name.value.trim() });
    return true;
  };
  const remove = async () => {
    const sure = await ask("Remove this passkey?", `“${passkey.name}” will not sign you in here any more. It may stay on your device, where you can delete it.`, "Remove");
    if (sure) await call("DELETE", `/passkeys/${passkey.id}`);
    return sure;
  };
  return h("li", { class: "card" },
    h("h2", {}, passkey.name),
    h("p", { class: "facts" },
      h("span", {}, "made ", when(passkey.created) ?? "some time", " at ", passkey.origin),
      h("span", {}, passkey.last_used ? "last used " : "not used yet", when(passkey.last_used))),
    h("div", { class: "actions" }, name,
      h("button", { type: "button", "aria-label": `Rename ${passkey.name}`, onclick: change(rename) }, "Rename"),
      h("button", { type: "button", "aria-label": `Remove ${passkey.name}`, onclick: change(remove) }, "Remove")));
}
