// Going to an app at its own origin.

import { call } from "/static/api.js";
import { h, notify } from "/static/dom.js";

export function opener(info, session, label = "Open") {
  if (info.release == null || info.type !== "fs") return null;
  const name = info.mark || info.id;
  if (/everyone=\S*read-release/.test(info.right)) {
    return h("a", { class: "button primary", href: info.url, target: "_blank", rel: "noopener", "aria-label": `${label} ${name} in a new tab` }, label);
  }
  // A visitor, whose session says when it ends, may have been granted it; whether they were, the node knows.
  if (session?.scope !== "owner" && !session?.until) return null;
  // A private app lets in whoever comes with a link that works once.
  const go = async () => {
    try {
      const { url } = await call("POST", "/session/link", { for: info.id });
      window.open(url, "_blank", "noopener");
    } catch (problem) {
      notify(problem.message, { bad: true });
    }
  };
  return h("button", { type: "button", class: "primary", "aria-label": `${label} ${name} in a new tab`, onclick: go }, label);
}
