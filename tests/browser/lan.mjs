// What a browser on another machine sees of a node. Prints one JSON object of what was seen.
import { browse } from "./chromium.mjs";

const { address, port, name, home, link, privateId, publicId, welcomeId } = JSON.parse(process.argv[2]);
const base = `https://${address}:${port}/`;
const rules = `MAP ${name} ${address} , MAP evil.local ${address} , EXCLUDE ${address} , `;
const seen = { troubles: [] };

const failure = (error) => /net::(\w+)/.exec(String(error))?.[1] ?? String(error);
const visit = (page, url) => page.goto(url).then((answer) => answer.status(), failure);

// Before the authority is trusted, and by a name that somebody else leads here.
await browse({ rules, env: { ...process.env, HOME: `${home}/stranger` } }, async (context) => {
  seen.untrusted = await visit(await context.newPage(), base);
});
await browse({ rules, ignoreHTTPSErrors: true, env: { ...process.env, HOME: `${home}/stranger` } }, async (context) => {
  seen.rebound = await visit(await context.newPage(), `https://evil.local:${port}/`);
});

await browse({ rules, env: { ...process.env, HOME: `${home}/trusting` } }, async (context) => {
  const open = async (url) => {
    const page = await context.newPage();
    page.on("pageerror", (error) => seen.troubles.push(String(error)));
    page.on("console", (message) => { if (message.type() === "error") seen.troubles.push(message.text()); });
    await page.goto(url);
    return page;
  };
  seen.foreign = await visit(await context.newPage(), `https://evil.local:${port}/`);
  seen.byName = await visit(await context.newPage(), `https://${name}:${port}/`);

  const guest = await open(base);
  await guest.waitForSelector(".card");
  seen.guest = { titles: (await guest.locator(".card h2 a").allTextContents()).sort(), secure: await guest.evaluate(() => isSecureContext) };

  // The page signs in by its link, and follows in the other tab, by a WebSocket over TLS.
  const page = await open(link);
  await page.waitForSelector(".publish");
  seen.owner = { address: page.url(), titles: (await page.locator(".card h2 a").allTextContents()).sort() };
  await guest.waitForSelector('.card h2 a:text-is("diary")');
  const made = await page.evaluate(() => fetch("/api/v1/mimei", {
    method: "POST", body: JSON.stringify({ type: "fs", mark: "made" }), headers: { Authorization: `Bearer ${localStorage.getItem("leither.session")}` },
  }).then((answer) => answer.status));
  await guest.waitForSelector('.card h2 a:text-is("made")');
  seen.live = made;

  // An app is at an origin of its own.
  const card = page.locator(".card", { hasText: "paper" }).first();
  const [app] = await Promise.all([context.waitForEvent("page"), card.getByText("Open", { exact: true }).click()]);
  await app.waitForSelector("#shown");
  seen.app = { origin: await app.evaluate(() => location.origin), text: await app.textContent("#shown"), storage: await app.evaluate(() => localStorage.length) };

  // A private app opens by its one-time link, and stays open.
  const hidden = page.locator(".card", { hasText: privateId });
  const [mine] = await Promise.all([context.waitForEvent("page"), hidden.getByText("Open", { exact: true }).click()]);
  await mine.waitForSelector("#secret");
  await mine.reload();
  seen.private = { origin: await mine.evaluate(() => location.origin), text: await mine.textContent("#secret"), cookie: await mine.evaluate(() => document.cookie) };
  const cookie = (await context.cookies(base)).find((one) => one.name.includes("leither"));
  seen.cookie = { name: cookie.name, secure: cookie.secure, httpOnly: cookie.httpOnly, sameSite: cookie.sameSite };
  const again = await open(seen.private.origin);
  seen.again = await again.textContent("#secret");

  // What another app on the same host can make of it: the browser sends the cookie along, and it opens nothing.
  const before = seen.troubles.length;
  seen.api = await app.evaluate((node) => fetch(`${node}api/v1/status`).then(() => "read", () => "refused"), base);
  seen.write = await app.evaluate((node) => fetch(`${node}api/v1/mimei`, { method: "POST", body: "{}", mode: "no-cors" }).then((answer) => answer.type, () => "refused"), base);
  seen.fetched = await app.evaluate((url) => fetch(url, { credentials: "include" }).then(() => "read", () => "refused"), `${seen.private.origin}/`);
  seen.script = await app.evaluate((url) => new Promise((done) => {
    const script = document.createElement("script");
    Object.assign(script, { src: url, onload: () => done("ran"), onerror: () => done("refused") });
    document.head.append(script);
  }), `${seen.private.origin}/mine.js`);
  const framed = context.waitForEvent("response", (answer) => answer.url() === `${seen.private.origin}/`);
  await app.evaluate((url) => document.body.append(Object.assign(document.createElement("iframe"), { src: url })), `${seen.private.origin}/`);
  seen.framed = (await framed).status();
  seen.troubles.splice(before);

  const welcome = await open(`${base}mm/${welcomeId}/`);
  await welcome.waitForSelector("#checked.good");
  seen.welcome = await welcome.textContent("#id");
  await welcome.click("#node");
  await welcome.waitForSelector(".card");
  seen.back = welcome.url();

  const trust = await open(`${base}trust`);
  seen.trust = await trust.textContent("main");
  seen.publicPath = await visit(await context.newPage(), `${base}mm/${publicId}/`);
});

console.log(JSON.stringify(seen));
