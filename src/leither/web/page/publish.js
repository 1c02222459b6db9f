// Drag a folder in, and it becomes an app at an address of its own.

import { call, upload } from "/static/api.js";
import { count, h, notify, size } from "/static/dom.js";
import { chosen, dropped } from "/static/folder.js";
import { tar } from "/static/tar.js";

export function publisher(done) {
  const mark = h("input", { type: "text", id: "mark", name: "mark", autocomplete: "off", maxlength: "200", placeholder: "the folder's name" });
  const open = h("input", { type: "checkbox", id: "open", checked: true });
  const picker = h("input", { type: "file", webkitdirectory: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const pick = h("button", { type: "button", class: "primary", onclick: () => picker.click() }, "Choose a folder");
  const bar = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "Progress of publishing" });
  const told = h("p", { class: "small", role: "status" }, "Drop it here, or choose it. An address of its own is made for it, and each time you publish it again a new version.");
  const box = h("section", { class: "publish", "aria-labelledby": "publish-title" },
    h("h2", { id: "publish-title" }, "Publish a folder"),
    told,
    h("div", { class: "row" },
      h("div", { class: "field" }, h("label", { for: "mark" }, "Name"), mark),
      h("label", { class: "check", for: "open" }, open, "Everyone may open it"),
      pick, picker),
    bar);

  const run = async ({ name, files }) => {
    if (!files.length) {
      notify("There are no files in it.", { bad: true });
      return;
    }
    pick.disabled = true;
    bar.hidden = false;
    bar.removeAttribute("value");
    try {
      await publish({ mark: mark.value.trim() || name || "files", open: open.checked, files, bar, told });
      mark.value = "";
      await done();
    } catch (problem) {
      notify(problem.message, { bad: true });
      told.textContent = "Nothing was published.";
    } finally {
      pick.disabled = false;
      bar.hidden = true;
      picker.value = "";
    }
  };

  picker.addEventListener("change", () => run(chosen(picker)));
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", (event) => {
    if (!box.contains(event.relatedTarget)) box.classList.remove("over");
  });
  box.addEventListener("drop", async (event) => {
    event.preventDefault();
    box.classList.remove("over");
    await run(await dropped(event.dataTransfer));
  });
  return box;
}

async function publish({ mark, open, files, bar, told }) {
  const right = open ? "everyone=read-release" : "private";
  const info = await call("POST", "/mimei", { type: "fs", app: "app", ext: "", mark, right });
  const body = tar(files);
  told.textContent = `Sending ${count(files.length, "file")}, ${size(body.size)}.`;
  await upload(`/mimei/${info.id}/tree/?replace=true`, body, "application/x-tar", (loaded, total) => {
    bar.max = total;
    bar.value = loaded;
  });
  bar.removeAttribute("value");
  const { changed } = await call("POST", `/mimei/${info.id}/backup`, {});
  const version = await call("POST", `/mimei/${info.id}/release`, {});
  told.textContent = changed
    ? `“${mark}” is published as version ${version.n}.`
    : `“${mark}” is as it was: nothing in it changed.`;
}
