// What an operator wants to know first: is anything bad, what runs and when will it end, what just happened.
import { Events } from "./events.js";
import { BAD, LIVE, number } from "./format.js";
import { badOf, Jobs } from "./jobs.js";
import { html, Shown } from "./parts.js";
import { tasksAddress } from "./route.js";
import { t } from "./words.js";

function Tile({ value, word, hint, kind, href }) {
  const inside = html`<strong>${value === null ? "–" : number(value)}</strong> <span>${word}</span>`;
  const box = `tile ${value ? kind : ""}`;
  return html`<li>${href ? html`<a class=${box} href=${href} title=${hint}>${inside}</a>` : html`<div class=${box} title=${hint}>${inside}</div>`}</li>`;
}

function Summary({ jobs, accounts, badTasks }) {
  const all = (of) => jobs.reduce((count, job) => count + of(job), 0);
  const explicit = accounts.reduce((count, a) => count + a.tasks.unseen + a.tasks.unfinished + a.tasks.finished, 0);
  const overdue = jobs.some((job) => job.overdue !== undefined) ? all((job) => job.overdue ?? 0) : null;
  const live = accounts.reduce((count, a) => count + a.tasks.unfinished + a.tasks.unseen, 0);
  return html`<ul class="tiles" aria-label=${t("menu.overview")}>
    <${Tile} value=${badTasks === undefined ? null : badOf(jobs, badTasks)} word=${t("sum.bad")} hint=${t("sum.bad_hint")} kind="bad" href=${tasksAddress({ status: BAD.join() })} />
    <${Tile} value=${all((job) => job.stalled)} word=${t("sum.stalled")} hint=${t("sum.stalled_hint")} kind="warn" />
    <${Tile} value=${overdue} word=${t("sum.overdue")} hint=${t(overdue === null ? "sum.overdue_none" : "sum.overdue_hint")} kind="warn" />
    <${Tile} value=${live} word=${t("sum.unfinished")} hint=${t("sum.unfinished_hint", { shown: number(explicit) })} href=${tasksAddress({ status: LIVE.join() })} />
    <${Tile} value=${jobs.filter((job) => !job.ended_at).length} word=${t("sum.jobs")} hint=${t("sum.jobs_hint", { shown: number(jobs.length) })} />
  </ul>`;
}

export function Overview({ status, jobs, badTasks }) {
  return html`
    <h1 tabindex="-1" class="unseen">${t("menu.overview")}</h1>
    <${Shown} answer=${jobs} then=${(data) => html`
      <${Summary} jobs=${data.jobs} accounts=${status.data?.accounts ?? []} badTasks=${badTasks.data?.total} />
      <div class="columns">
        <${Jobs} jobs=${data.jobs} accounts=${status.data?.accounts ?? []} />
        <${Events} />
      </div>`} />`;
}
