// The status page before 20,000 tasks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, browser, control, go, open, quiet, run, shots, until, url } from "./browser.js";

const HOSTILE = "<img src=x onerror=\"window.hacked=1\">";
const VIEWS = ["#/", "#/tasks", "#/tasks?status=FAILED,REJECTED,TIMED_OUT", "#/pace", "#/distributions", "#/health"];

const shot = (page, name, fullPage = false) => page.screenshot({ path: join(shots, `${name}.png`), fullPage });
const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth);
const rows = (page) => page.locator("tbody tr");
const number = (text) => Number(text.replace(/\D/g, ""));

const hostile = (await ask("tasks?q=pump-hostile")).tasks[0];
const big = (await ask("jobs")).jobs.find((job) => job.job_name === "ota-big");
const ofBig = `#/job/${big.account}/${big.job_id}`;
const ofHostile = `#/task/${hostile.account}/${hostile.task_id}`;

const checks = {
  async "the overview shows what the API says"() {
    const page = await open();
    await rows(page).first().waitFor();
    const { jobs } = await ask("jobs");
    assert.equal(await page.locator(".jobs tbody tr").count(), jobs.length);
    const row = page.locator(".jobs tbody tr", { hasText: "ota-big" });
    assert.match(await row.locator(".bar").getAttribute("aria-label"), /finished, .* of 20,000 tasks: .*Failed.*Succeeded/);
    assert.ok(number(await row.locator(".count.bad").innerText()) > 100);
    const bad = number(await page.locator(".tile.bad strong").innerText());
    const total = (await ask("tasks?limit=1&status=FAILED,REJECTED,TIMED_OUT")).total;
    assert.ok(bad > 100 && Math.abs(bad - total) <= total, `${bad} shown, ${total} held`);
    assert.match(await page.title(), /^\([\d,]+ failed\) taskwatchd$/);
    await page.locator(".lamp.good", { hasText: "Daemon healthy" }).waitFor();
    await shot(page, "overview");
    quiet(page);
    await page.context().close();
  },

  async "a tab that is shown again is not sent what it missed, event by event"() {
    const page = await open({
      before: (one) => one.addInitScript(() => {
        Object.defineProperty(document, "hidden", { get: () => window.away ?? false });
      }),
    });
    let sent = []; // ids of the events that answers bring
    page.on("response", async (response) => {
      if (!response.url().includes("/transitions?") || response.status() !== 200) return;
      sent.push(...(await response.json()).data.events.map((one) => one.id));
    });
    const show = (away) => page.evaluate((hidden) => {
      window.away = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    }, away);
    const newest = async () => (await ask("transitions?limit=1")).next;
    await page.locator(".stream.live").waitFor();
    await show(true);
    const before = await newest();
    await until("400 events", async () => (await newest()) > before + 400);
    sent = [];
    const missed = await newest();
    await show(false);
    await until("an event that came later", () => sent.some((one) => one > missed));
    // One answer that says that there is more, then the newest ones: not page after page.
    assert.ok(sent.filter((one) => one <= missed).length <= 600);
    quiet(page);
    await page.context().close();
  },

  // A browser opens six connections to one host over all windows.
  async "it works in eight windows of one browser"() {
    const context = await browser.newContext();
    const windows = [];
    for (let i = 0; i < 8; ++i) {
      const page = await context.newPage();
      await page.goto(url);
      windows.push(page);
    }
    for (const page of windows) await page.locator(".stream.live").waitFor();
    await context.close();
  },

  async "its address may hold a user and a password"() {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url.replace("://", "://user:password@"));
    await page.locator(".stream.live").waitFor();
    await context.close();
  },

  async "a device's words are text, wherever they are shown"() {
    const page = await open({}, `#/job/${hostile.account}/${hostile.job_id}`);
    await page.locator(".device-text", { hasText: HOSTILE }).first().waitFor();
    for (const hash of [ofHostile, `#/tasks?q=${hostile.task_id}`, "#/"]) {
      await go(page, hash);
      assert.equal(await page.locator("main img, main script, main iframe").count(), 0);
      if (hash !== "#/") await page.locator(".device-text", { hasText: HOSTILE }).first().waitFor();
    }
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await go(page, `#/tasks?q=${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
    quiet(page);
    await page.context().close();
  },

  async "the policy stops what is not ours"() {
    const page = await open();
    const refused = await page.evaluate(async () => {
      const tried = [];
      try { document.createElement("div").innerHTML = "<b>x</b>"; } catch (error) { tried.push(error.name); }
      try { await fetch("https://example.com/"); } catch (error) { tried.push(error.name); }
      const script = document.createElement("script");
      try { script.text = "window.hacked = 1"; } catch (error) { tried.push(error.name); }
      document.body.append(script);
      return [tried, window.hacked];
    });
    assert.deepEqual(refused, [["TypeError", "TypeError", "TypeError"], undefined]);
    await until("the listener hears violations", () => page.complaints.some((text) => text.startsWith("policy: ")));
    await page.context().close();
  },

  async "search and filters are the daemon's, in the address"() {
    const page = await open({}, "#/tasks");
    await rows(page).first().waitFor();
    const all = (await ask("tasks?limit=1")).total;
    assert.ok(all > 20_000, `${all} tasks`);
    await page.locator(".found", { hasText: all.toLocaleString("en") }).waitFor();
    assert.equal(await rows(page).count(), 50);
    await page.getByLabel("Task id or device name").fill("device-0123");
    await page.locator(".found", { hasText: /^100 tasks$/ }).waitFor();
    assert.match(page.url(), /q=device-0123/);
    assert.ok((await rows(page).locator("th a").allInnerTexts()).every((name) => name.startsWith("device-0123")));
    // At once, while the word is still being waited for: neither undoes the other.
    await page.getByLabel("Task id or device name").fill("");
    await page.getByRole("checkbox", { name: "Failed" }).check();
    await until("only failed ones", async () => (await rows(page).locator(".status").allInnerTexts()).every((word) => word.trim() === "Failed"));
    await until("both in the address", () => /\/tasks\?status=FAILED$/.test(page.url()));
    await page.getByRole("combobox", { name: "Job" }).selectOption(hostile.job_id);
    await until("one job", async () => (await rows(page).count()) > 0 && (await rows(page).locator("td[data-label=Job]").allInnerTexts()).every((word) => word.trim() === "set-interval"));
    await page.reload();
    assert.ok(await page.getByRole("checkbox", { name: "Failed" }).isChecked());
    await page.getByRole("link", { name: "Clear all" }).click();
    await page.locator(".found", { hasText: all.toLocaleString("en") }).waitFor();
    await page.getByLabel("Task id or device name").fill("no such device");
    await page.locator(".empty", { hasText: "No task matches." }).waitFor();
    quiet(page);
    await page.context().close();
  },

  async "pages go on, back and keep their place"() {
    const page = await open({}, "#/tasks");
    const first = () => rows(page).first().locator("th a").getAttribute("href");
    await rows(page).first().waitFor();
    const one = await first();
    await page.getByRole("link", { name: "Next" }).click();
    await until("page two", async () => (await first()) !== one);
    await page.locator(".pages", { hasText: /^51 to 100 of/ }).waitFor();
    const two = await first();
    await page.getByRole("link", { name: "Next" }).click();
    await page.locator(".pages", { hasText: /^101 to 150 of/ }).waitFor();
    await page.getByRole("link", { name: "Previous" }).click();
    await until("page two again", async () => (await first()) === two);
    await page.goBack();
    await page.locator(".pages", { hasText: /^101 to 150 of/ }).waitFor();
    // Asked again meanwhile: the same rows, where they were.
    await page.evaluate(() => {
      scrollTo(0, 700);
      document.querySelector("tbody tr").kept = true;
    });
    const answered = page.waitForResponse((reply) => reply.url().includes("/api/v1/tasks?") && reply.url().includes("cursor"));
    await answered;
    await page.waitForTimeout(300);
    assert.deepEqual(await page.evaluate(() => [scrollY, document.querySelector("tbody tr").kept]), [700, true]);
    quiet(page);
    await page.context().close();
  },

  async "a change arrives by itself, and the task's life has it"() {
    const page = await open();
    await page.locator(".stream.live").waitFor();
    const seen = (await ask("transitions?limit=1")).next;
    await control(`rerun?job=${hostile.job_id}&keep=true`);
    const line = page.locator(".events .fresh", { hasText: "pump-hostile" });
    await line.filter({ hasText: "Succeeded" }).waitFor({ timeout: 60_000 });
    assert.ok((await ask("transitions?limit=1")).next > seen);
    await page.locator(".events [aria-live]", { hasText: /\d+ changes?/ }).waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.getByRole("button", { name: "Only warnings" }).click();
    await until("warnings only", async () => (await page.locator(".lines li:not(.bad):not(.warn)").count()) === 0);

    await go(page, ofHostile);
    await page.getByRole("heading", { name: "Attempt 2" }).waitFor();
    const life = page.locator("section", { has: page.getByRole("heading", { name: "Life" }) });
    assert.match(await life.innerText(), /between \d\d:\d\d:\d\d\.\d{3} and \d\d:\d\d:\d\d\.\d{3}/);
    assert.match(await life.innerText(), /platform time .* recorded .* later/);
    assert.match(await page.locator(".line").getAttribute("aria-label"), /From .* to .*: .*Succeeded for/);
    const { history } = await ask(`tasks/${hostile.task_id}`);
    assert.equal(await page.locator(".steps .step").count(), history.length);
    assert.ok(await page.locator("section", { hasText: "Next scheduled calls" }).locator("tbody tr").count());
    await shot(page, "task", true);
    quiet(page);
    await page.context().close();
  },

  async "a job's bad devices and what they said"() {
    const page = await open({}, ofBig);
    await page.getByRole("heading", { name: "ota-big" }).waitFor();
    await rows(page).first().waitFor();
    assert.ok((await rows(page).locator(".status").allInnerTexts()).every((word) => /Failed|Rejected|Timed out/.test(word)));
    assert.ok(await page.locator(".reasons li").count() > 1);
    assert.ok(await rows(page).locator("td[data-label=Detail]", { hasText: "code" }).count());
    await page.getByRole("button", { name: /^Show \d+ more$/ }).click();
    await until("more rows", async () => (await rows(page).count()) > 50);
    await shot(page, "job");
    quiet(page);
    await page.context().close();
  },

  async "quota, delays, health and distributions"() {
    const page = await open({}, "#/pace");
    await page.locator("tr", { hasText: "ListTask" }).first().waitFor();
    const { calls } = (await ask("status")).accounts[0].apis.find((api) => api.action === "ListTask");
    assert.ok(calls > 100);
    await until("a rate", async () => /\d\.\d of/.test(await page.locator("tr", { hasText: "ListTask" }).first().innerText()));
    await page.locator(".chart canvas").nth(1).waitFor();
    assert.match(await page.locator(".chart").last().getAttribute("aria-label"), /changes; half were recorded within/);
    await page.locator("tr", { hasText: "Failed" }).getByText(/^met$|exceeds /).waitFor();
    await shot(page, "pace", true);
    await go(page, "#/health");
    for (const words of ["accepted", "writable", "all delivered to log", "responds"]) await page.getByText(words, { exact: true }).waitFor();
    await shot(page, "health");
    await go(page, "#/distributions");
    await page.locator("tr", { hasText: "pump-lost" }).getByText("device not found").waitFor();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Failed devices as CSV" }).click()]);
    assert.match(readFileSync(await file.path(), "utf8"), /"pump-lost","6100","device not found"/);
    quiet(page);
    await page.context().close();
  },

  async "dark and light, at 360 px, in both languages, nothing sticks out"() {
    const ground = {};
    for (const colorScheme of ["light", "dark"]) {
      for (const locale of ["en-GB", "zh-CN"]) {
        const page = await open({ viewport: { width: 360, height: 740 }, colorScheme, locale });
        for (const hash of [...VIEWS, ofBig, ofHostile, "#/nowhere"]) {
          await go(page, hash);
          assert.equal(await wide(page), 360, `${hash} ${locale}`);
        }
        if (locale === "zh-CN") {
          assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
          assert.match(await page.locator("nav").first().innerText(), /概览/);
        }
        ground[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await go(page, "#/");
        await shot(page, `phone-${colorScheme}-${locale}`);
        quiet(page);
        await page.context().close();
      }
    }
    assert.notEqual(ground.light, ground.dark);
  },

  async "the language is a switch that is remembered"() {
    const page = await open();
    await page.getByRole("button", { name: "Switch to Chinese" }).click();
    await page.getByRole("link", { name: "概览" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "概览" }).waitFor();
    await rows(page).first().waitFor();
    await shot(page, "overview-zh");
    await page.getByRole("button", { name: "切换到英文" }).click();
    await page.getByRole("link", { name: "Overview" }).waitFor();
    quiet(page);
    await page.context().close();
  },

  async "all of it by keyboard"() {
    const page = await open();
    await rows(page).first().waitFor();
    const focused = () => page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { words: document.activeElement.innerText?.trim(), id: document.activeElement.id, ring: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
    await page.keyboard.press("Tab");
    assert.equal((await focused()).words, "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal((await focused()).id, "content");
    const reached = [];
    for (let i = 0; i < 12 && reached.at(-1) !== "ota-big"; ++i) {
      await page.keyboard.press("Tab");
      const now = await focused();
      assert.ok(now.ring, `focus on ${now.words} cannot be seen`);
      reached.push(now.words);
    }
    assert.equal(reached.at(-1), "ota-big", reached.join(" | "));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "ota-big", level: 1 }).waitFor();
    await until("the heading has the focus", async () => (await focused()).words === "ota-big");
    await go(page, "#/tasks");
    await rows(page).first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("pump-hostile");
    await page.locator(".found", { hasText: /^1 task$/ }).waitFor();
    quiet(page);
    await page.context().close();
  },

  async "a screen reader finds its way (axe-core)"() {
    const source = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
    for (const colorScheme of ["light", "dark"]) {
      const page = await open({ colorScheme });
      for (const hash of colorScheme === "light" ? [...VIEWS, ofBig, ofHostile] : ["#/", "#/tasks", "#/pace", ofHostile]) {
        await go(page, hash);
        await page.evaluate(source);
        const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
        assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ")}`), [], `${hash} ${colorScheme}`);
      }
      await page.context().close();
    }
  },

  async "a daemon that is away is said to be, and comes back"() {
    const page = await open();
    await rows(page).first().waitFor();
    await page.context().setOffline(true);
    await page.locator(".away", { hasText: "has not responded since" }).waitFor();
    assert.ok(await page.locator("main.old").count());
    assert.ok(await rows(page).count() > 0, "what was known stays");
    await shot(page, "away");
    await page.context().setOffline(false);
    await page.locator(".away").waitFor({ state: "detached" });
    await page.locator(".stream.live").waitFor();
    assert.deepEqual(page.complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED")), []);
    const lost = await open({}, "#/task/prod/nobody");
    await lost.locator(".empty", { hasText: "This task is not watched." }).waitFor();
    for (const one of [page, lost]) await one.context().close();
  },
};

await run(checks);
