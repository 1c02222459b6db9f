// What the node holds.

import { all } from "/static/api.js";
import { count, h, size } from "/static/dom.js";
import { publisher } from "/static/publish.js";
import { opener } from "/static/opening.js";

let publishing = null;

export async function showList(main, session) {
  const items = await all("/mimei");
  items.sort((a, b) => (a.created < b.created ? 1 : -1));
  const parts = [];
  if (session?.scope === "owner") {
    // Kept as it is while it works.
    publishing ??= publisher(() => showList(main, session));
    parts.push(publishing);
  }
  parts.push(h("div", { class: "heading" },
    h("h1", {}, "What this node holds"),
    h("p", { class: "soft small" }, count(items.length, "MiMei", "MiMei"))));
  parts.push(items.length ? h("ul", { class: "cards" }, items.map((info) => card(info, session))) : nothing(session));
  if (!session && items.length) {
    parts.push(h("p", { class: "hint soft small" }, "This is what everyone may see. To see what is yours, sign in with the link that ", h("code", {}, "leither link"), " prints."));
  }
  main.replaceChildren(...parts);
}

export function title(info) {
  return info.mark || info.app || `${info.id.slice(0, 10)}…`;
}

export function marks(info) {
  const shown = [];
  if (info.right === "private") shown.push(h("span", { class: "mark" }, "private"));
  if (info.unsaved) shown.push(h("span", { class: "mark warn" }, count(info.unsaved, "unsaved change")));
  return shown;
}

function card(info, session) {
  const facts = [
    { fs: "File system", file: "File", db: "Database" }[info.type] ?? info.type,
    size(info.bytes),
    count(info.versions, "version"),
    info.release == null ? "not released" : `version ${info.release} released`,
  ];
  return h("li", { class: "card" },
    h("h2", {}, h("a", { href: `#/${info.id}` }, title(info)), marks(info)),
    h("p", { class: "facts" }, facts.map((fact) => h("span", {}, fact))),
    h("p", { class: "id mono" }, info.id),
    h("div", { class: "actions" }, opener(info, session), h("a", { class: "button", href: `#/${info.id}` }, "Versions")));
}

function nothing(session) {
  const text = session
    ? ["Nothing yet. Publish a folder above, or from a terminal:", h("br"), h("code", {}, "leither app publish FOLDER")]
    : ["Nothing here is public. To see what is yours, sign in with a link from your terminal:", h("br"), h("code", {}, "leither link")];
  return h("p", { class: "empty" }, text);
}
