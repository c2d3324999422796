// The status page: its frame and the current view. It only reads /api/v1 and changes nothing.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "./style.css";
import { useAnswer } from "./answer.js";
import { reach } from "./api.js";
import { Distributions } from "./distributions.js";
import { startFeed, feed } from "./feed.js";
import { clock, number } from "./format.js";
import { Health, problemsOf } from "./health.js";
import { Job } from "./job.js";
import { BAD_TASKS, badOf } from "./jobs.js";
import { Overview } from "./overview.js";
import { Pace } from "./pace.js";
import { html } from "./parts.js";
import { measure } from "./rates.js";
import { route } from "./route.js";
import { Task } from "./task.js";
import { Tasks } from "./tasks.js";
import { useTopic } from "./topic.js";
import { language, speak, t } from "./words.js";

const VIEWS = { "": Overview, tasks: Tasks, pace: Pace, distributions: Distributions, health: Health, job: Job, task: Task };
const MENU = [["", "overview"], ["tasks", "tasks"], ["pace", "pace"], ["distributions", "distributions"], ["health", "health"]];
// The menu entry to which a view belongs.
const UNDER = { job: "", task: "tasks" };

function Menu({ view }) {
  const here = Object.hasOwn(UNDER, view) ? UNDER[view] : view;
  return html`<nav aria-label=${t("page.main_menu")}><ul>
    ${MENU.map(([path, word]) => html`<li key=${word}><a href=${`#/${path}`} aria-current=${here === path ? "page" : undefined}>${t(`menu.${word}`)}</a></li>`)}
  </ul></nav>`;
}

function Lamp({ status, stream }) {
  const { away } = useTopic(reach);
  if (away) return html`<a class="lamp bad" href="#/health">${t("state.no_answer")}</a>`;
  if (!status) return html`<span class="lamp">${t("health.unknown")}</span>`;
  const n = problemsOf(status, stream).length;
  if (!n) return html`<a class="lamp good" href="#/health">${t("health.good")}</a>`;
  return html`<a class="lamp bad" href="#/health">${t("health.problems", { n })}</a>`;
}

function Away() {
  const { away, why } = useTopic(reach);
  return html`<div role="status" aria-live="polite">
    ${away && html`<p class="away"><strong>${t("state.away", { time: clock(away) })}</strong> ${why ? html`<q>${why}</q> ` : ""}${t("state.away_again")}</p>`}
  </div>`;
}

function Frame() {
  const { parts, parameters } = useTopic(route);
  useTopic(language);
  const { state } = useTopic(feed);
  const { away } = useTopic(reach);
  const status = useAnswer("status");
  const jobs = useAnswer("jobs");
  const badTasks = useAnswer(BAD_TASKS);
  useEffect(() => status.data && measure(status.data, status.at), [status.at]);
  useEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
    const bad = jobs.data && badOf(jobs.data.jobs, badTasks.data?.total ?? 0);
    document.title = bad ? t("page.bad_title", { shown: number(bad) }) : t("page.title");
  });
  const [view = "", ...ids] = parts;
  const View = Object.hasOwn(VIEWS, view) && VIEWS[view]; // the address may be #/__proto__
  const metrics = document.getElementById("metrics")?.getAttribute("href");
  const skip = (event) => {
    event.preventDefault();
    document.getElementById("content").focus();
  };
  return html`
    <a class="skip" href="#content" onClick=${skip}>${t("page.skip")}</a>
    <header class="top">
      <a class="brand" href="#/">taskwatchd</a>
      <${Menu} view=${view} />
      <${Lamp} status=${status.data} stream=${state} />
    </header>
    <${Away} />
    <main id="content" tabindex="-1" class=${away ? "old" : ""}>
      ${View ? html`<${View} key=${`${view}/${ids.join("/")}`} ids=${ids} parameters=${parameters} status=${status} jobs=${jobs} badTasks=${badTasks} />`
        : html`<div class="empty"><h1 tabindex="-1">${t("page.not_found")}</h1><p><a href="#/">${t("page.home")}</a></p></div>`}
    </main>
    <footer aria-label=${t("page.about")}>
      <span>${status.data && html`${t("page.version", { version: status.data.version, time: clock(status.data.started) })}`}</span>
      <a href=${metrics}>${t("page.metrics")}</a>
      <a href="api/v1/status">JSON</a>
      <button type="button" onClick=${() => speak(language.value === "zh" ? "en" : "zh")}>
        <span lang=${language.value === "zh" ? "en" : "zh-Hans"}>${t("page.language")}</span><span class="unseen"> ${t("page.language_label")}</span></button>
    </footer>`;
}

// The "/" key moves the focus to the search field, as in other tools.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, select, textarea")) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

startFeed();
render(html`<${Frame} />`, document.getElementById("app"));
