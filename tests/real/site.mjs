// Opens one page of an app and prints what was seen: its title, its heading, how many links and what failed to load.
import { browse } from "../browser/chromium.mjs";

const { address } = JSON.parse(process.argv[2]);
const seen = { failed: [] };
await browse({ viewport: { width: 1180, height: 860 } }, async (context) => {
  const page = await context.newPage();
  page.on("response", (response) => { if (response.status() >= 400) seen.failed.push(response.url()); });
  const answer = await page.goto(address);
  seen.status = answer.status();
  seen.title = await page.title();
  seen.heading = await page.locator("h1").first().textContent();
  seen.links = await page.locator("a").count();
});
console.log(JSON.stringify(seen));
