// What a person does with the node's page and with apps. Prints one JSON object of what was seen.
import { browse } from "./chromium.mjs";

const { base, link, invitation, privateId, publicId, folder } = JSON.parse(process.argv[2]);
const seen = { troubles: [], foreign: [] };

await browse({ viewport: { width: 1180, height: 860 } }, async (context) => {
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^https?:|^wss?:/.test(protocol) && hostname !== "localhost" && !hostname.endsWith(".localhost")) seen.foreign.push(request.url());
  });
  const open = async (address) => {
    const page = await context.newPage();
    page.on("pageerror", (error) => seen.troubles.push(String(error)));
    page.on("console", (message) => { if (message.type() === "error") seen.troubles.push(message.text()); });
    await page.goto(address);
    return page;
  };
  const titles = (page) => page.locator(".card h2 a").allTextContents();

  const guest = await open(base);
  await guest.waitForSelector(".card");
  seen.guest = { titles: await titles(guest), publish: await guest.locator(".publish").count() };

  const page = await open(link);
  await page.waitForSelector(".publish");
  await page.waitForSelector(".card");
  seen.owner = { address: page.url(), titles: (await titles(page)).sort() };

  // Publish a folder, and see it appear.
  await page.locator('input[type="file"]').setInputFiles(folder);
  await page.waitForSelector('.card h2 a:text-is("site")');
  // A page that is open in another tab follows, as to who is signed in and what there is.
  await guest.waitForSelector('.card h2 a:text-is("site")');
  seen.live = await titles(guest);
  await guest.close();
  const site = page.locator(".card", { hasText: "site" }).first();
  const [app] = await Promise.all([context.waitForEvent("page"), site.getByText("Open", { exact: true }).click()]);
  await app.waitForSelector("#made");
  seen.app = { origin: await app.evaluate(() => location.origin), made: await app.textContent("#made"), deep: await app.evaluate(async () => (await fetch("/ünï/☃ deep name.txt")).text()) };
  // An app has neither the node's session nor a way to its API.
  seen.app.storage = await app.evaluate(() => localStorage.length);
  const before = seen.troubles.length;
  seen.app.api = await app.evaluate((node) => fetch(`${node}api/v1/status`).then(() => "read", () => "refused"), base);
  seen.app.write = await app.evaluate((node) => fetch(`${node}api/v1/mimei`, { method: "POST", body: "{}", mode: "no-cors" }).then((answer) => answer.type, () => "refused"), base);
  seen.troubles.splice(before);

  // A private app opens by its one-time link.
  const hidden = page.locator(".card", { hasText: privateId });
  const [mine] = await Promise.all([context.waitForEvent("page"), hidden.getByText("Open", { exact: true }).click()]);
  await mine.waitForSelector("#secret");
  seen.private = { text: await mine.textContent("#secret"), address: mine.url(), cookie: await mine.evaluate(() => document.cookie) };
  await mine.reload();
  seen.private.again = await mine.textContent("#secret");

  // Versions: back up, release, roll back.
  await site.locator("h2 a").click();
  await page.waitForSelector(".versions li.released");
  seen.versions = { shown: await page.locator(".versions h3").allTextContents(), focus: await page.evaluate(() => document.activeElement.id) };
  await page.goto(`${base}#/${publicId}`);
  await page.waitForSelector('.versions button:text-is("Roll back to it")');
  await page.getByText("Roll back to it").click();
  await page.waitForSelector('.notice:has-text("Version 0 is released")');
  await page.waitForSelector('.versions li.released h3:has-text("Version 0")');
  seen.rolledBack = true;
  // Who used it: the guest who looked before, and whoever is signed in.
  seen.used = await page.locator(".log li p:first-child").allTextContents();

  // Everything can be reached by keyboard, and every control has a name.
  await page.goto(`${base}#/`);
  await page.waitForSelector(".card");
  seen.nameless = await page.evaluate(() => [...document.querySelectorAll("a, button, input:not([hidden])")]
    .filter((element) => !(element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length)).map((element) => element.outerHTML));
  await page.reload();
  await page.waitForSelector(".card");
  await page.keyboard.press("Tab");
  seen.firstStop = await page.evaluate(() => document.activeElement.textContent);

  await page.setViewportSize({ width: 360, height: 740 });
  seen.wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

  await page.getByText("Sign out").click();
  await page.waitForFunction(() => document.getElementById("who").textContent === "Guest");
  seen.after = await page.evaluate(() => localStorage.length);

  // Somebody invited joins, sees their words once, and is signed in.
  await page.goto(invitation); // the page, open already, loads itself again with the code
  await page.getByText("Join", { exact: true }).click();
  await page.waitForSelector("#words li");
  seen.joined = { address: page.url(), words: await page.locator("#words li").allTextContents(), wider: await page.evaluate(() => document.documentElement.scrollWidth > innerWidth) };
  await page.getByText("I have written them down").click();
  await page.waitForSelector(".publish");
  seen.joined.who = await page.textContent("#who");
  seen.joined.titles = await titles(page);
});

console.log(JSON.stringify(seen));
