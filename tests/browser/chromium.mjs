// Debian's Chromium, headless, with nothing but loopback to talk to.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const LOCAL = "MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE *.localhost , EXCLUDE 127.0.0.1";

// Call `use(context)` with a fresh profile. `rules` come before those that lead every name nowhere; `own` are names that
// stand for 127.0.0.1; `options` are those of a playwright context.
export async function browse({ rules = "", own = [], ...options }, use) {
  const profile = mkdtempSync(join(tmpdir(), "leither-browser-"));
  const mapped = own.map((name) => `MAP ${name} 127.0.0.1 , `).join("");
  const args = [...FLAGS, `--host-resolver-rules=${rules}${mapped}${LOCAL}`];
  const context = await chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", args, ...options });
  try {
    return await use(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
