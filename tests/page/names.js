// The status page before names that are one long word, or would rather be markup, and before ids that are mistyped.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ask, go, open, quiet, run, shots, until } from "./browser.js";

const WIDTHS = [390, 768, 1024, 1400]; // px: a phone, a tablet, laptops
const TYPO = "MSnT9typo";

const { jobs } = await ask("jobs");
const long = jobs.find((job) => job.job_name.startsWith("ota-W"));
const bad = (await ask(`tasks?job=${long.job_id}&status=FAILED`)).tasks[0];
const VIEWS = ["#/", "#/tasks", "#/tasks?status=FAILED,TIMED_OUT", "#/pace", "#/distributions", "#/health",
  `#/job/${long.account}/${long.job_id}`, `#/task/${bad.account}/${bad.task_id}`];

// What cannot be read in full: where the page or a table is wider than its place, or a text leaves its own.
const cutOff = () => {
  const found = new Set();
  const wider = (box) => box.scrollWidth > box.clientWidth;
  if (wider(document.documentElement)) found.add("the page");
  for (const box of document.querySelectorAll(".table-box")) if (wider(box)) found.add(`table: ${box.querySelector("caption").textContent}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: text } = texts;
    // Not for eyes, or cut on purpose.
    if (!text.data.trim() || text.parentElement.closest(".unseen, .skip, .said, noscript, option, main thead")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = [...range.getClientRects()];
    for (let box = text.parentElement; box; box = box.parentElement) {
      const { display, overflowX } = getComputedStyle(box);
      if (display === "inline" || (overflowX === "visible" && !box.matches("th, td, dt, dd, li, h1, h2, h3, label, button, .tile, .card"))) continue;
      const { left, right } = box.getBoundingClientRect();
      if (lines.some((line) => line.left < left - 1 || line.right > right + 1)) found.add(`${box.localName}.${box.className}: ${text.data.trim().slice(0, 40)}`);
    }
  }
  return [...found];
};

// The answer of an API path, changed.
const changed = (path, change) => (page) => page.route(`**/api/v1/${path}`, async (route) => {
  const reply = await route.fetch();
  const body = await reply.json();
  change(body.data);
  await route.fulfill({ response: reply, json: body });
});

// Two accounts that other replicas hold; the URL of one of those would be code.
const WITH_REPLICAS = (data) => {
  const elsewhere = { held: false, elsewhere: true, epoch: 1, transitions: 0 };
  data.replicas = [{ name: "one", self: true, accounts: data.accounts.map((account) => account.name), age_seconds: 0.4 },
    { name: "two-" + "n".repeat(120), url: "https://two.example/iot", self: false, accounts: ["there"], age_seconds: 2 },
    { name: "three", url: "javascript:window.hacked=1", self: false, accounts: [], age_seconds: 3 }];
  data.leases = [...data.accounts.map((account) => ({ account: account.name, held: true, elsewhere: false, epoch: 1, transitions: 0 })),
    { account: "there", holder: "two", holder_url: "https://two.example/iot", ...elsewhere },
    { account: "code", holder: "three", holder_url: "javascript:window.hacked=1", ...elsewhere }];
};

// A sink that fails, one that is muted and replays, and a mute with a comment that is one long word and would rather be markup.
const WITH_SINKS = (data) => {
  const now = new Date().toISOString();
  data.notify = [{ name: "s".repeat(64), format: "dingtalk", cursor: 7, up: false, pending: 1234, failing_since: now,
    reason: "310000: " + "w".repeat(200) + " <img src=x onerror=window.hacked=1>", dropped: 2 },
  { name: "ops", format: "slack", cursor: 9, up: true, pending: 0, last_success: now, dropped: 0, muted: true, replaying: 3 }];
  data.mutes = [{ id: "0000002a", sink: "ops", job: "ota-*", comment: "c".repeat(200) + "<img src=x onerror=window.hacked=1>",
    created_by: "berta from ::1", created: now, until: now }];
};

const checks = {
  async "two sinks: the chat delivers, the webhook does not, and why"() {
    const page = await open({}, "#/health");
    const fact = (name) => page.locator(".sinks .fact", { hasText: name });
    await fact("ops (slack)").getByText("works", { exact: true }).waitFor();
    await fact("ops (slack)").getByText(/^last delivered: /).waitFor();
    await fact("broken (cloudevents)").getByText(/^takes nothing; trying again · /).waitFor();
    await fact("broken (cloudevents)").getByText("503").waitFor();
    await fact("broken (cloudevents)").getByText(/^[\d,]+ events wait$/).waitFor();
    await fact("broken (cloudevents)").getByText("nothing delivered yet").waitFor();
    await page.locator(".problems li", { hasText: "Sink broken" }).waitFor();
    const { notify } = await ask("status");
    assert.deepEqual(notify.map((sink) => [sink.name, sink.up]), [["broken", false], ["ops", true]]);
    quiet(page);
    await page.context().close();
  },

  async "sinks and mutes are shown, and nothing sticks out"() {
    for (const [locale, words] of [["en-GB", ["takes nothing; trying again", "muted", "3 events left of a replay", "Mute 0000002a"]],
      ["zh-CN", ["发送失败，正在重试", "已静音", "重放剩余 3 个事件", "静音 0000002a"]]]) {
      const page = await open({ locale, before: changed("status", WITH_SINKS) }, "#/health");
      for (const text of words) await page.locator(".sinks").getByText(text).first().waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await go(page, "#/health");
        assert.deepEqual(await page.evaluate(cutOff), [], `${locale} at ${width} px`);
      }
      await page.screenshot({ path: join(shots, `sinks-${locale}.png`), fullPage: true });
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      quiet(page);
      await page.context().close();
    }
  },

  async "replicas and what they hold are shown and linked"() {
    for (const locale of ["en-GB", "zh-CN"]) {
      const page = await open({ locale, before: changed("status", WITH_REPLICAS) }, "#/");
      await page.locator(".elsewhere li").nth(1).waitFor();
      assert.deepEqual(await page.locator(".elsewhere a").evaluateAll((all) => all.map((one) => one.href)), ["https://two.example/iot/"]);
      await go(page, "#/health");
      await page.locator(".replicas .fact").nth(2).waitFor();
      assert.deepEqual(await page.locator(".replicas a").evaluateAll((all) => all.map((one) => one.href)), ["https://two.example/iot/"]);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        for (const hash of ["#/", "#/health"]) {
          await go(page, hash);
          assert.deepEqual(await page.evaluate(cutOff), [], `${hash} at ${width} px, ${locale}`);
        }
      }
      await page.screenshot({ path: join(shots, `replicas-${locale}.png`), fullPage: true });
      await go(page, "#/job/there/x");
      assert.equal(await page.locator(".not-here a").getAttribute("href"), "https://two.example/iot/#/job/there/x");
      await go(page, "#/job/code/x");
      await page.locator(".not-here", { hasText: "three" }).waitFor();
      assert.equal(await page.locator("main a[href^=javascript]").count(), 0);
      quiet(page);
      await page.context().close();
    }
    const single = await open({}, "#/health");
    await single.locator(".cards .card").nth(1).waitFor();
    assert.equal(await single.locator(".replicas, .elsewhere").count(), 0);
    await single.context().close();
  },

  async "a task that another replica watches is linked"() {
    const body = { status: "error", errorType: "not_here", error: "no", holder: "two", holder_url: "https://two.example" };
    const page = await open({ before: (one) => one.route("**/api/v1/tasks/**", (route) => route.fulfill({ status: 421, json: body })) }, "#/task/there/T1");
    assert.equal(await page.locator(".not-here a").getAttribute("href"), "https://two.example/#/task/there/T1");
    await page.context().close();
  },

  async "nothing is cut off at any width, in both languages"() {
    for (const locale of ["en-GB", "zh-CN"]) {
      const page = await open({ locale });
      for (const hash of VIEWS) {
        await go(page, hash);
        await page.locator("main .loading").waitFor({ state: "detached" });
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          assert.deepEqual(await page.evaluate(cutOff), [], `${hash} at ${width} px, ${locale}`);
          if (hash === "#/") await page.screenshot({ path: join(shots, `names-${width}-${locale}.png`) });
        }
      }
      quiet(page);
      await page.context().close();
    }
  },

  async "every column is seen between a phone and a laptop"() {
    const page = await open();
    for (let width = 700; width <= 1200; width += 20) {
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await page.evaluate(cutOff), [], `${width} px`);
      assert.equal(await page.locator(".jobs tbody tr").first().locator("td:visible").count(), 5, `${width} px`);
    }
    await page.context().close();
  },

  async "an address that is a name of JavaScript's own is no page"() {
    const page = await open();
    for (const word of ["__proto__", "constructor", "toString", "hasOwnProperty/x"]) {
      await go(page, `#/${word}`);
      await page.getByRole("heading", { name: "This page does not exist." }).waitFor();
      await page.getByRole("link", { name: "To the overview" }).click();
      await page.locator(".jobs tbody tr").first().waitFor();
    }
    await page.evaluate(() => localStorage.setItem("taskwatchd-language", "constructor"));
    await page.reload();
    await page.getByRole("link", { name: "Overview" }).waitFor();
    quiet(page);
    await page.context().close();
  },

  async "a tile counts what its link shows, mistyped ids too"() {
    const page = await open();
    const tile = page.locator(".tile", { hasText: "unfinished" });
    await until("a number", async () => /\d/.test(await tile.innerText()));
    const shown = Number.parseInt(await tile.innerText(), 10);
    const lost = (await ask("tasks?status=pending,gone")).tasks.map((task) => task.task_id);
    assert.equal(lost.filter((id) => id.startsWith(TYPO)).length, 5);
    await tile.click();
    await page.locator(".found", { hasText: new RegExp(`^${shown} tasks$`) }).waitFor();
    // The platform is asked for some minutes before an id counts as not found.
    await page.getByRole("checkbox", { name: "Not found" }).check();
    await until("all of them", async () => (await page.locator("tbody th a", { hasText: TYPO }).count()) === 5);
    quiet(page);
    await page.context().close();

    const later = await open({ before: changed("status", (data) => { data.accounts[0].tasks.gone = 5; }) });
    await later.locator(".tile.warn", { hasText: /5\s*ids not found/ }).click();
    await until("its filter", () => /status=gone$/.test(later.url()));
    await later.context().close();
  },

  async "one is one"() {
    const running = jobs.find((job) => !job.ended_at);
    const page = await open({
      before: changed("jobs", (data) => {
        data.jobs = [{ ...running, tasks: { FAILED: 1, SUCCEEDED: 0 }, total: 1, observed: { FAILED: 1 } }];
      }),
    });
    await page.locator(".tile", { hasText: /^1\s*job in progress$/ }).waitFor();
    assert.match(await page.locator(".jobs .bar").getAttribute("aria-label"), /1 of 1 task:/);
    await page.context().close();
  },

  async "the language button is called what is written on it"() {
    for (const [locale, label, lang] of [["en-GB", "中文", "zh-Hans"], ["zh-CN", "English", "en"]]) {
      const page = await open({ locale });
      const button = page.locator("footer button");
      // Axe knows no such rule: the visible words begin the name, each part in its own language.
      assert.ok((await button.textContent()).trim().startsWith(label));
      assert.deepEqual(await button.evaluate((one) => [one.ariaLabel, one.lang]), [null, ""]);
      assert.equal(await button.getByText(label, { exact: true }).getAttribute("lang"), lang);
      await page.context().close();
    }
  },

  async "the search takes as many bytes as the daemon does"() {
    const page = await open({}, "#/tasks");
    const search = page.getByRole("searchbox");
    for (const [typed, taken] of [["固".repeat(60), 42], ["x".repeat(200), 128], ["😀".repeat(40), 64]]) {
      await search.fill(typed);
      assert.equal((await search.inputValue()).length, taken);
      await page.locator(".empty", { hasText: "No task matches." }).waitFor();
      await until("it is asked", () => decodeURIComponent(page.url()).endsWith(typed.slice(0, taken)));
    }
    quiet(page);
    await page.context().close();
  },
};

await run(checks);
