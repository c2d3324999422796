// One job: its progress, and the failed tasks with their device messages.
import { useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { query } from "./api.js";
import { ALL, BAD, number } from "./format.js";
import { End, Progress } from "./jobs.js";
import { Ago, Count, Empty, Fact, html, NotHere, Shown, Status } from "./parts.js";
import { tasksAddress } from "./route.js";
import { TasksTable } from "./tasks_table.js";
import { named, t } from "./words.js";

const MOST = 1000; // failed tasks that are read at once: the largest page of the API
const SHOWN = 50;
const REASONS = 6;

function Facts({ job }) {
  const counts = job.tasks ?? job.observed;
  const labels = Object.entries(job.labels);
  return html`
    <div class="big-bar"><${Progress} job=${job} /></div>
    <ul class="by-status" aria-label=${t("job.by_status")}>${ALL.filter((s) => counts[s] > 0).map((s) => html`<li key=${s}>
      <a href=${tasksAddress({ job: job.job_id, account: job.account, status: s })}><${Status} status=${s} /> <strong>${number(counts[s])}</strong></a></li>`)}
    </ul>
    <dl class="facts">
      <${Fact} name=${t("job.status")}>${named("job_status", job.status ?? "UNKNOWN")}<//>
      <${Fact} name=${t("jobs.eta")}><${End} job=${job} /><//>
      <${Fact} name=${t("jobs.stalled")} hint=${t("sum.stalled_hint")}><${Count} value=${job.stalled} kind="warn" /><//>
      <${Fact} name=${t("jobs.overdue")} hint=${t("sum.overdue_hint")}>${job.overdue === undefined ? html`<span class="quiet">${t("sum.overdue_none")}</span>` : html`<${Count} value=${job.overdue} kind="warn" />`}<//>
      <${Fact} name=${t("job.unseen")} hint=${t("job.unseen_hint")}><${Count} value=${job.unseen_ended} kind="warn" />${job.unseen_since && html` · <${Ago} at=${job.unseen_since} />`}<//>
      <${Fact} name=${t("job.unreconciled")} hint=${t("job.unreconciled_hint")}>${number(job.unreconciled)}<//>
      <${Fact} name=${t("job.counted")}><${Ago} at=${job.statistics_at} /><//>
      <${Fact} name=${t("job.account")}>${job.account} · ${job.iot_instance}<//>
      ${job.job_type && html`<${Fact} name=${t("job.type")}>${job.job_type}<//>`}
      <${Fact} name=${t("job.id")}><span class="id">${job.job_id}</span><//>
      ${labels.length > 0 && html`<${Fact} name=${t("job.labels")}>${labels.map(([key, value]) => html`<span key=${key} class="label">${key}=${value}</span> `)}<//>`}
    </dl>`;
}

// Groups the tasks by device message: the same message from many devices is one cause.
function Reasons({ tasks, total }) {
  const counted = new Map();
  for (const task of tasks) counted.set(task.message ?? "", (counted.get(task.message ?? "") ?? 0) + 1);
  const sorted = [...counted].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, REASONS);
  if (tasks.length < 2 || (sorted.length === 1 && !sorted[0][0])) return null;
  return html`<div class="reasons"><h3>${total > tasks.length ? t("job.reasons_part", { shown: number(tasks.length) }) : t("job.reasons")}</h3>
    <ol>${sorted.map(([message, n]) => html`<li key=${message}><span class="count bad">${number(n)}</span> <span class="device-text">${message || t("job.said_nothing")}</span></li>`)}</ol></div>`;
}

function Failed({ account, id }) {
  const [shown, setShown] = useState(SHOWN);
  const filter = { account, job: id, status: BAD.join() };
  const answer = useAnswer(`tasks?${query({ ...filter, limit: MOST })}`);
  return html`<section aria-labelledby="failed-title">
    <div class="section-head"><h2 id="failed-title">${t("job.failed")}</h2>
      ${answer.data && html`<${Count} value=${answer.data.total} />`}
      <a class="side" href=${tasksAddress({ account, job: id })}>${t("job.all")}</a></div>
    <${Shown} answer=${answer} then=${(data) => (data.total === 0 ? html`<${Empty} title=${t("job.failed_none")} />` : html`
      <${Reasons} tasks=${data.tasks} total=${data.total} />
      <${TasksTable} caption=${t("job.failed_caption")} tasks=${data.tasks.slice(0, shown)} />
      ${data.tasks.length > shown && html`<p><button type="button" onClick=${() => setShown(shown + SHOWN)}>${t("jobs.more", { shown: number(Math.min(SHOWN, data.tasks.length - shown)) })}</button></p>`}
      ${data.tasks.length <= shown && data.next_cursor && html`<p><a href=${tasksAddress({ ...filter })}>${t("tasks.found", { n: data.total, shown: number(data.total) })}</a></p>`}`)} />
  </section>`;
}

export function Job({ ids: [account, id], jobs, status }) {
  const lease = status.data?.leases?.find((one) => one.account === account && one.elsewhere);
  const job = jobs.data?.jobs.find((one) => one.account === account && one.job_id === id);
  return html`<${Shown} answer=${jobs} then=${() => (job ? html`
    <h1 tabindex="-1">${job.job_name ?? job.job_id}</h1>
    <${Facts} job=${job} />
    <${Failed} account=${account} id=${id} />` : html`<h1 tabindex="-1" class="id">${id ?? ""}</h1>${lease
      ? html`<${NotHere} holder=${lease.holder} url=${lease.holder_url} />` : html`<${Empty} title=${t("job.not_watched")} />`}`)} />`;
}
