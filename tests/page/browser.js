// A real Chromium before the status page, for the scripts beside this one. Arguments of each: the page's address, iotsim's,
// a folder for screenshots. tests/end_to_end/status_page_test.py starts the world.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const [url, cloud, shots] = process.argv.slice(2);
export const PATIENCE = 45_000; // ms; the machine may be busy

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

export const ask = async (path) => (await (await fetch(`${url}api/v1/${path}`)).json()).data;
export const control = async (path) => (await fetch(`${cloud}/-/${path}`)).json();

// A page whose every complaint is kept: errors, violations of the policy, dialogs. `before(page)` comes before it loads.
export async function open({ before = () => {}, ...options } = {}, hash = "#/") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(error.stack));
  page.on("dialog", (dialog) => {
    page.complaints.push(`dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  await before(page);
  await page.goto(url + hash);
  await page.locator("main h1").first().waitFor({ state: "attached" });
  return page;
}
export const go = async (page, hash) => {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.locator("main :is(table, .empty:not(.loading), .cards)").first().waitFor();
};
export const quiet = (page) => assert.deepEqual(page.complaints, []);

export async function until(what, condition) {
  const end = Date.now() + PATIENCE;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${PATIENCE} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

// Runs {name: check}, prints a line for each and ends the process: with 1 if one failed.
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const begun = Date.now();
    try {
      await check();
      console.log(`ok   ${name} (${Date.now() - begun} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}\n${error.stack}`);
    }
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
}
