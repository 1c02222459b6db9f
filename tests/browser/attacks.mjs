// What hostile contents, and pages elsewhere, try in a browser that is signed in. Prints one JSON object of what came of it.
import { browse } from "./chromium.mjs";

const { base, link, evil, rebound, hostile, ids, passport, granted, dirty } = JSON.parse(process.argv[2]);
const node = new URL(base);
const seen = { dialogs: [], refused: {}, statuses: {} };

await browse({ own: [new URL(rebound).hostname] }, async (context) => {
  context.on("page", (page) => page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); }));
  const open = async (address) => {
    const page = await context.newPage();
    const answer = await page.goto(address).catch((error) => ({ status: () => String(error) }));
    return [page, answer.status()];
  };

  // Names and contents that are markup, in the node's own page.
  const [owner] = await open(link);
  await owner.waitForSelector(".card");
  await owner.goto(`${base}#/${ids.marked}`);
  await owner.waitForSelector(".versions li");
  seen.shown = await owner.textContent("main");
  seen.made = await owner.evaluate(() => document.querySelectorAll("main img[src='x'], main script, main svg, main iframe").length);
  seen.inline = await owner.evaluate(() => {
    const element = document.createElement("script");
    try { element.textContent = "window.pwned = true"; document.body.append(element); } catch { /* what is tried is refused */ }
    try { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.pwned = true'>"); } catch { return "refused"; }
    return window.pwned ?? "nothing";
  });

  // Pages and pictures with scripts, at addresses that share the node's origin.
  seen.ran = {};
  for (const address of hostile) {
    const [page, status] = await open(node.origin + address);
    seen.ran[address] = [status, await page.title(), await page.evaluate(() => self.origin)];
    await page.close();
  }

  // A page of another origin.
  const [page] = await open(`${evil}attack.html`);
  const tried = (work, ...given) => page.evaluate(work, ...given);
  const answers = [];
  context.on("response", (answer) => answers.push([answer.request().method(), new URL(answer.url()).pathname, answer.status()]));
  seen.refused.read = await tried((url) => fetch(url).then((answer) => answer.text(), () => "refused"), `${base}api/v1/status`);
  await tried((url) => fetch(url, { method: "POST", mode: "no-cors", body: '{"type":"fs","mark":"forged"}', credentials: "include" }).catch(() => {}), `${base}api/v1/mimei`);
  await tried((url) => fetch(url, { method: "POST", mode: "no-cors", body: '{"passport":"x"}' }).catch(() => {}), `${base}api/v1/session/visit`);
  seen.refused.put = await tried((url) => fetch(url, { method: "PUT", body: "x" }).then(() => "done", () => "refused"), `${base}api/v1/mimei/${ids.marked}/files/x`);
  seen.refused.socket = await tried((url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  }), `${base.replace("http", "ws")}api/v1/watch`);
  await tried((url) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = resolve;
    frame.src = url;
    document.body.append(frame);
  }), base);
  seen.framed = await Promise.all(page.frames().slice(1).map((frame) => frame.evaluate(() => document.body.innerText).catch(() => "")));
  await tried((url) => {
    const form = Object.assign(document.createElement("form"), { method: "POST", action: url, enctype: "text/plain" });
    form.append(Object.assign(document.createElement("input"), { name: '{"type":"fs","mark":"forged', value: '"}' }));
    document.body.append(form);
    form.submit();
  }, `${base}api/v1/mimei`);
  await page.waitForURL(`${base}api/v1/mimei`);
  seen.statuses.forged = answers.filter(([method]) => method === "POST");

  // A foreign name that leads here.
  seen.statuses.rebound = (await open(rebound))[1];

  // Addresses that would lead elsewhere, or out of where they are.
  seen.landed = [];
  for (const address of dirty) {
    const [stray] = await open(address);
    seen.landed.push(new URL(stray.url() === "about:blank" ? address : stray.url()).host);
    await stray.close();
  }

  // A passport in the address opens a session, and goes nowhere else.
  await owner.evaluate(() => localStorage.clear());
  const [visitor] = await open(`${base}#passport=${passport}`);
  await visitor.waitForSelector(`.card:has-text("${granted}")`);
  seen.visitor = { address: visitor.url(), who: await visitor.textContent("#who"), history: await visitor.evaluate(() => history.length) };
  const [app] = await Promise.all([context.waitForEvent("page"), visitor.locator(".card", { hasText: granted }).getByText("Open", { exact: true }).click()]);
  await app.waitForSelector("#secret");
  seen.visitor.app = await app.textContent("#secret");
  await visitor.evaluate((url) => { location.href = url; }, `${evil}from-node`);
  await visitor.waitForURL(`${evil}from-node`);
  await app.evaluate((url) => { location.href = url; }, `${evil}from-app`);
  await app.waitForURL(`${evil}from-app`);
});

console.log(JSON.stringify(seen));
