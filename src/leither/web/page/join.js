// Becoming a user of this node by an invitation, and the recovery words of a new identity, shown once.

import { KEY, call } from "/static/api.js";
import { count, h, notify } from "/static/dom.js";

export function showJoin(main, code) {
  const words = h("textarea", { id: "own-words", rows: "4", autocomplete: "off", spellcheck: "false" });
  const join = h("button", { type: "submit", class: "primary" }, "Join");
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); submit(main, code, words, join); } },
    h("h1", {}, "Join this node"),
    h("p", {}, "You get a place of your own here. The owner says how much it may hold, and reads nothing of it through this node."),
    h("details", {},
      h("summary", {}, "I have recovery words already"),
      h("label", { for: "own-words" }, "Your 24 words"), words),
    h("div", { class: "actions" }, join));
  main.replaceChildren(form);
  join.focus();
}

async function submit(main, code, words, join) {
  const phrase = words.value.trim();
  join.disabled = true;
  try {
    const joined = await call("POST", "/users/join", phrase ? { code, phrase } : { code });
    localStorage.setItem(KEY, joined.token);
    if (joined.returned) notify(`${count(joined.returned, "MiMei", "MiMei")} that were held for you are yours again.`);
    if (joined.words) showWords(main, joined);
    else location.reload();
  } catch (problem) {
    join.disabled = false;
    notify(problem.message, { bad: true });
  }
}

function showWords(main, joined) {
  const go = h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "I have written them down");
  main.replaceChildren(
    h("h1", {}, `Welcome, ${joined.name}`),
    h("p", {}, "These 24 words are you: with them you come back, here or on another node, and so does whoever reads them. " +
      "Write them down in order. They are not shown again."),
    h("ol", { id: "words", class: "words" }, joined.words.split(" ").map((word) => h("li", {}, word))),
    h("div", { class: "actions" }, go));
  go.focus();
}
