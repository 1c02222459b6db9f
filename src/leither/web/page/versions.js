// One MiMei: its versions, and what can be done with them.

import { call } from "/static/api.js";
import { whoUsed } from "/static/audit.js";
import { ask, count, h, notify, size, when } from "/static/dom.js";
import { marks, title } from "/static/list.js";
import { opener } from "/static/opening.js";

let note = "";

export async function showVersions(main, session, id) {
  const info = await call("GET", `/mimei/${id}`);
  const log = await call("GET", `/mimei/${id}/log?limit=100`).catch((problem) => {
    if (problem.status === 404 || problem.status === 403) return { items: [], next: null };
    throw problem;
  });
  const used = session?.scope === "owner" ? await whoUsed(info) : [];
  const again = () => showVersions(main, session, id);
  const may = session?.scope === "owner" || session?.scope === "write";
  main.replaceChildren(
    h("a", { class: "back", href: "#/" }, "All of this node"),
    h("div", { class: "heading" }, h("h1", {}, title(info), marks(info)), h("div", { class: "actions" }, opener(info, session, "Open"))),
    facts(info),
    may ? backupForm(info, again) : "",
    h("div", { class: "heading" }, h("h2", {}, "Versions")),
    log.items.length
      ? h("ol", { class: "versions" }, log.items.map((version) => row(info, version, may, again)))
      : h("p", { class: "empty" }, may ? "No version yet. A backup makes the first." : "Its versions are not public."),
    log.next == null ? "" : h("p", { class: "soft small" }, `The newest 100 are shown; `, h("code", {}, `leither log ${info.id}`), " shows all."),
    ...used,
  );
}

function facts(info) {
  const rows = [
    ["Id", h("code", {}, info.id)],
    ["Type", { fs: "file system", db: "database" }[info.type] ?? info.type],
    ["Size", `${size(info.bytes)} in ${count(info.entries, "entry", "entries")}`],
    ["Right", info.right],
    ["Made", when(info.created)],
    ["References", `to ${count(info.references, "other")}, from ${count(info.referrers, "other")}`],
  ];
  return h("section", { class: "panel", "aria-label": "About it" },
    h("dl", {}, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function backupForm(info, again) {
  const field = h("input", { type: "text", id: "note", maxlength: "1000", autocomplete: "off", value: note, oninput: () => { note = field.value; } });
  const form = h("form", {
    onsubmit: (event) => {
      event.preventDefault();
      act(async () => {
        const { version, changed } = await call("POST", `/mimei/${info.id}/backup`, note ? { note } : {});
        note = "";
        notify(changed && version ? `Saved as version ${version.n}.` : "Nothing changed since the last version.");
      }, again);
    },
  },
  h("div", { class: "field" }, h("label", { for: "note" }, "Note for the next version"), field),
  h("button", { type: "submit" }, "Back up now"));
  return h("section", { class: "panel", "aria-label": "Back up" }, form);
}

function row(info, version, may, again) {
  const named = `version ${version.n}`;
  return h("li", { class: version.released ? "released" : "" },
    h("div", { class: "text" },
      h("h3", {}, `Version ${version.n}`,
        version.released ? h("span", { class: "mark" }, "released") : null,
        version.last ? h("span", { class: "mark" }, "last") : null),
      version.note ? h("p", {}, version.note) : null,
      h("p", { class: "facts" }, h("span", {}, when(version.time) ?? "a merge"), h("span", {}, size(version.bytes))),
      h("p", { class: "id mono" }, version.cid)),
    may ? h("div", { class: "actions" },
      version.released ? null : h("button", { type: "button", "aria-label": `Release ${named}`, onclick: () => act(async () => {
        await call("POST", `/mimei/${info.id}/release`, { version: version.cid });
        notify(`Version ${version.n} is released.`);
      }, again) }, info.release != null && version.n < info.release ? "Roll back to it" : "Release"),
      h("button", { type: "button", "aria-label": `Restore ${named}`, onclick: () => act(() => restore(info, version), again) }, "Restore")) : null);
}

async function restore(info, version) {
  if (info.unsaved) {
    const text = `${count(info.unsaved, "change")} not yet backed up would be lost. Back up first to keep them.`;
    if (!await ask(`Restore version ${version.n}?`, text, "Discard and restore")) return;
  }
  await call("POST", `/mimei/${info.id}/restore`, { version: version.cid, discard: info.unsaved > 0 });
  notify(`The working copy is as in version ${version.n}.`);
}

async function act(work, again) {
  try {
    await work();
  } catch (problem) {
    notify(problem.message, { bad: true });
  }
  await again();
}
