// Who used a MiMei of the person's who is signed in.

import { call } from "/static/api.js";
import { count, h, when } from "/static/dom.js";

const SHOWN = 20;
const DID = {
  read: "read it", change: "changed it", backup: "backed it up", release: "released a version", fork: "forked it",
  rights: "changed who may do what", grant: "shared it", revoke: "took a share back", create: "made it", delete: "deleted it",
  "sign-in": "came in to it", "sign-out": "left it", denied: "was denied", export: "took it along",
};
const DOORS = { api: "the page or a program", gateway: "a browser", websocket: "an open page", redis: "Redis", dav: "WebDAV", node: "the node itself" };

export async function whoUsed(info) {
  const { items, next } = await call("GET", `/audit?mimei=${info.id}&limit=${SHOWN}`);
  return [
    h("div", { class: "heading" }, h("h2", {}, "Who used it")),
    items.length
      ? h("ul", { class: "log" }, items.map(row))
      : h("p", { class: "empty" }, "Nobody yet."),
    next == null ? "" : h("p", { class: "soft small" }, `The newest ${SHOWN} are shown; `, h("code", {}, `leither audit ${info.id}`), " shows more."),
  ];
}

function row(entry) {
  const facts = [`through ${DOORS[entry.front] ?? entry.front}`, by(entry), when(entry.last)];
  return h("li", { class: entry.kind === "denied" ? "denied" : "" },
    h("p", {}, h("strong", {}, who(entry)), ` ${DID[entry.kind] ?? entry.kind}`, entry.count > 1 ? `, ${count(entry.count, "time")}` : ""),
    h("p", { class: "facts" }, facts.filter(Boolean).map((fact) => h("span", {}, fact))));
}

function who(entry) {
  if (entry.yours) return entry.label ? `You (${shortly(entry.label)})` : "You";
  if (entry.name) return entry.name;
  const named = { guest: "A guest", several: "Several" }[entry.role];
  return named ?? `${{ owner: "The owner of the node", user: "A user", visitor: "A visitor" }[entry.role]} ${(entry.who ?? "").slice(0, 10)}`.trim();
}

// A token's name as it is; of how a browser names itself, what people call it. Each claims to be those after it, too.
function shortly(label) {
  const found = /^Mozilla\/.*(Firefox|Edg|Chrome|Safari)\//.test(label) && ["Firefox", "Edg", "Chrome", "Safari"].find((name) => label.includes(`${name}/`));
  return found ? { Edg: "Edge" }[found] ?? found : label;
}

// By which right, in words; nothing where it is theirs, and so goes without saying.
function by(entry) {
  if (!entry.right || entry.right === "own") return "";
  if (entry.kind === "denied") return `asked for ${entry.right.replaceAll(",", ", ")}`;
  if (entry.right === "everyone") return "as everyone may";
  if (entry.right.startsWith("grant ")) return `by the share ${entry.right.slice(6, 14)}`;
  return entry.right;
}
