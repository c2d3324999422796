// The overview for an operator: failures, unfinished jobs and their estimated end, the newest changes.
import { useAnswer } from "./answer.js";
import { Events } from "./events.js";
import { BAD, LIVE, number, quantile } from "./format.js";
import { badOf, Jobs } from "./jobs.js";
import { Rate, within } from "./pace.js";
import { html, Shown } from "./parts.js";
import { HeldElsewhere } from "./replicas.js";
import { tasksAddress } from "./route.js";
import { t } from "./words.js";

function Tile({ value, word, hint, kind, href }) {
  const inside = html`<strong>${value === null ? "–" : number(value)}</strong> <span>${word}</span>`;
  const box = `tile ${value ? kind : ""}`;
  return html`<li>${href ? html`<a class=${box} href=${href} title=${hint}>${inside}</a>` : html`<div class=${box} title=${hint}>${inside}</div>`}</li>`;
}

// Counts the tasks that the list shows; otherwise the number and its link would differ. The list does not contain
// tasks that only the job statistics report.
const UNFINISHED = `tasks?limit=1&status=${LIVE.join()}`;

function Summary({ jobs, accounts, badTasks }) {
  const unfinished = useAnswer(UNFINISHED).data?.total ?? null;
  const all = (of) => jobs.reduce((count, job) => count + of(job), 0);
  const bad = badTasks === undefined ? null : badOf(jobs, badTasks);
  const watched = accounts.reduce((count, a) => count + a.tasks.unseen + a.tasks.unfinished + a.tasks.finished, 0);
  const gone = accounts.reduce((count, a) => count + a.tasks.gone, 0);
  const running = jobs.filter((job) => !job.ended_at).length;
  const overdue = jobs.some((job) => job.overdue !== undefined) ? all((job) => job.overdue ?? 0) : null;
  return html`<ul class="tiles" aria-label=${t("menu.overview")}>
    <${Tile} value=${bad} word=${t("sum.bad", { n: bad })} hint=${t("sum.bad_hint")} kind="bad" href=${tasksAddress({ status: BAD.join() })} />
    <${Tile} value=${all((job) => job.stalled)} word=${t("sum.stalled")} hint=${t("sum.stalled_hint")} kind="warn" />
    <${Tile} value=${overdue} word=${t("sum.overdue")} hint=${t(overdue === null ? "sum.overdue_none" : "sum.overdue_hint")} kind="warn" />
    <${Tile} value=${unfinished} word=${t("sum.unfinished")} hint=${t("sum.unfinished_hint", { shown: number(watched) })} href=${tasksAddress({ status: LIVE.join() })} />
    ${gone > 0 && html`<${Tile} value=${gone} word=${t("sum.gone", { n: gone })} hint=${t("sum.gone_hint")} kind="warn" href=${tasksAddress({ status: "gone" })} />`}
    <${Tile} value=${running} word=${t("sum.jobs", { n: running })} hint=${t("sum.jobs_hint", { shown: number(jobs.length) })} />
  </ul>`;
}

// The quota and the delays of an account in a few lines. Unused APIs are left out.
function Glance({ account, several }) {
  const name = (words) => (several ? `${words} · ${account.name}` : words);
  return html`
    <section class="card"><h3><a href="#/pace">${name(t("pace.now"))}</a></h3>
      <ul>${account.apis.filter((api) => api.calls > 0 || api.denied).map((api) => html`<li key=${api.action}><span>${api.action}</span><${Rate} account=${account.name} api=${api} /></li>`)}</ul></section>
    <section class="card"><h3><a href="#/pace">${name(t("pace.delay"))}</a></h3>
      <ul>${account.detection_delay.map((delay) => html`<li key=${delay.class}><span>${t(`pace.class_${delay.class}`)}</span>
        <span>${delay.count ? t("pace.glance", { half: within(quantile(delay, 0.5)), most: within(quantile(delay, 0.99)) }) : html`<span class="none">–</span>`}</span></li>`)}</ul></section>`;
}

export function Overview({ status, jobs, badTasks }) {
  return html`
    <h1 tabindex="-1" class="unseen">${t("menu.overview")}</h1>
    <${HeldElsewhere} status=${status.data} />
    <${Shown} answer=${jobs} then=${(data) => html`
      <${Summary} jobs=${data.jobs} accounts=${status.data?.accounts ?? []} badTasks=${badTasks.data?.total} />
      <div class="columns">
        <div><${Jobs} jobs=${data.jobs} accounts=${status.data?.accounts ?? []} />
          <div class="glance">${status.data?.accounts.map((account) => html`<${Glance} key=${account.name} account=${account} several=${status.data.accounts.length > 1} />`)}</div></div>
        <${Events} />
      </div>`} />`;
}
