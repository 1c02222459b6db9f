// The page of a node: what it holds, and what its owner can do from a browser.

import { KEY, call, enter, enters, invitation, leave, token, whoami } from "/static/api.js";
import { count, notify, size } from "/static/dom.js";
import { showJoin } from "/static/join.js";
import { showList } from "/static/list.js";
import { showPasskeys, signInByPasskey } from "/static/passkeys.js";
import { showVersions } from "/static/versions.js";
import { watch } from "/static/watch.js";

const main = document.getElementById("main");
let session = null;
let shown = 0;

async function show({ moved = false } = {}) {
  const turn = (shown += 1);
  const id = /^#\/([a-z2-7]{32})$/.exec(location.hash)?.[1];
  const focused = document.activeElement?.id;
  try {
    if (id) await showVersions(stage(turn), session, id);
    else if (location.hash === "#/passkeys") await showPasskeys(stage(turn), session);
    else await showList(stage(turn), session);
  } catch (problem) {
    if (turn === shown) notify(problem.message, { bad: true });
  }
  if (moved) main.focus({ preventScroll: false });
  else if (focused) document.getElementById(focused)?.focus();
}

// Where a view is put: into the page, as long as nothing else was asked for meanwhile.
function stage(turn) {
  return { replaceChildren: (...parts) => { if (turn === shown) main.replaceChildren(...parts); } };
}

async function status() {
  const found = await call("GET", "/status").catch(() => null);
  if (!found) return;
  const disk = found.bytes_on_disk === undefined ? "" : `, ${size(found.bytes_on_disk)} on disk`;
  document.getElementById("node").textContent = count(found.mimei, "MiMei", "MiMei") + disk;
  document.getElementById("footer").textContent = `Leither ${found.version}, node ${found.id}`;
}

async function start() {
  const invited = invitation();
  try {
    await enter();
    session = await whoami();
  } catch (problem) {
    notify(problem.message, { bad: true });
  }
  document.getElementById("who").textContent = !session ? "Guest" : session.scope === "owner" && !session.user ? "Signed in" : `Signed in as ${session.name}`;
  const out = document.getElementById("sign-out");
  out.hidden = !token();
  document.getElementById("passkeys").hidden = session?.scope !== "owner";
  const by = document.getElementById("sign-in");
  by.hidden = Boolean(session);
  by.addEventListener("click", signInByPasskey);
  out.addEventListener("click", async () => {
    await leave().catch(() => {});
    location.reload();
  });
  addEventListener("hashchange", () => {
    // A sign-in link, passport or invitation followed in a tab that is already open.
    if (enters(location.hash) || location.hash.startsWith("#invite=")) location.reload();
    else if (location.hash !== "#main") show({ moved: true });
  });
  if (invited) {
    // What happens to MiMei meanwhile must not take the words off the page.
    showJoin(main, invited);
    await status();
    return;
  }
  await Promise.all([show(), status()]);
  // What is being written on the page of passkeys is not changed under the hand; no change elsewhere is shown there.
  watch(() => Promise.all([location.hash === "#/passkeys" ? null : show(), status()]));
}

// Signed in or out in another tab: this one follows.
addEventListener("storage", (event) => {
  if (event.key === KEY) location.reload();
});

// A folder dropped beside the box would make the browser leave the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());

start();
