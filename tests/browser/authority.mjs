// What a browser that trusts an authority makes of servers it signed for. Prints one JSON object: address -> outcome.
import { browse } from "./chromium.mjs";

const { home, address, pages } = JSON.parse(process.argv[2]);
const names = pages.map((url) => new URL(url).hostname).filter((name) => name !== address);
const rules = [...names.map((name) => `MAP ${name} ${address}`), `EXCLUDE ${address}`].map((rule) => `${rule} , `).join("");
const seen = {};

await browse({ rules, env: { ...process.env, HOME: home } }, async (context) => {
  for (const url of pages) {
    const page = await context.newPage();
    seen[url] = await page.goto(url).then(() => page.textContent("body"), (error) => /net::(\w+)/.exec(String(error))?.[1] ?? String(error));
    await page.close();
  }
});
console.log(JSON.stringify(seen));
