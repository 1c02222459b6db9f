// Making a passkey, and signing in by it, with an authenticator that Chromium plays. Prints one JSON object of what was seen.
import { browse } from "./chromium.mjs";

const { base, elsewhere, byAddress, link } = JSON.parse(process.argv[2]);
const seen = { troubles: [] };

await browse({ viewport: { width: 360, height: 740 } }, async (context) => {
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.troubles.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") seen.troubles.push(message.text()); });
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  } });
  const who = (text) => page.waitForFunction((expected) => document.getElementById("who").textContent === expected, text);

  await page.goto(link);
  await who("Signed in");
  await page.click("#passkeys");
  await page.fill("#passkey-name", "my phone");
  await page.getByText("Add a passkey", { exact: true }).click();
  await page.waitForSelector('.card h2:text-is("my phone")');
  seen.made = (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.map((one) => ({ host: one.rpId, found: one.isResidentCredential }));
  seen.wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  seen.nameless = await page.evaluate(() => [...document.querySelectorAll("a, button:not([hidden]), input")]
    .filter((element) => !(element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length)).map((element) => element.outerHTML));

  // The same device again is told that it is known.
  await page.fill("#passkey-name", "again");
  await page.getByText("Add a passkey", { exact: true }).click();
  seen.again = await page.textContent(".notice.bad span");
  await page.locator(".notice.bad button").click();

  await page.locator('input[aria-label="New name of my phone"]').fill("old phone");
  await page.getByText("Rename", { exact: true }).click();
  await page.waitForSelector('.card h2:text-is("old phone")');

  await page.getByText("Sign out").click();
  await who("Guest");
  seen.guest = await page.evaluate(() => localStorage.length);
  await page.click("#sign-in");
  await who("Signed in");
  seen.signedIn = true;
  await page.goto(`${base}#/passkeys`);
  await page.waitForSelector('.card .facts:has-text("last used") time');

  // A page at another port of the same host shares the passkey, and what it gets by it opens nothing here.
  const { options } = await page.evaluate(() => fetch("/api/v1/session/passkey/begin", { method: "POST" }).then((answer) => answer.json()));
  await page.goto(elsewhere);
  const answer = await page.evaluate(async ({ challenge, rpId }) => {
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    const used = await navigator.credentials.get({ publicKey: { challenge: bytes(challenge), rpId } });
    const { clientDataJSON, authenticatorData, signature } = used.response;
    return { id: used.id, client_data: text(clientDataJSON), authenticator_data: text(authenticatorData), signature: text(signature) };
  }, options);
  await page.goto(base);
  const before = seen.troubles.length;
  seen.elsewhere = await page.evaluate((body) => fetch("/api/v1/session/passkey", { method: "POST", body: JSON.stringify(body) })
    .then(async (reply) => ({ status: reply.status, code: (await reply.json()).code })), answer);

  // Removed, it signs nobody in.
  await page.goto(`${base}#/passkeys`);
  await page.getByText("Remove", { exact: true }).click();
  await page.locator("dialog .primary").click();
  await page.waitForSelector('.empty:has-text("none yet")');
  await page.getByText("Sign out").click();
  await who("Guest");
  await page.click("#sign-in");
  seen.removed = await page.textContent(".notice.bad span");

  // By its address the page says where to go.
  await page.goto(byAddress);
  await page.click("#sign-in");
  seen.byAddress = await page.textContent(".notice.bad span");
  seen.troubles.splice(before);
});

console.log(JSON.stringify(seen));
