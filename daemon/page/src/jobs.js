// The watched jobs as a table: progress by status, failures and the estimated end.
import { useState } from "preact/hooks";
import { ALL, BAD, ENDED, number, percent, sum } from "./format.js";
import { Ago, Bar, Count, Empty, html, jobLink, Table } from "./parts.js";
import { tasksAddress } from "./route.js";
import { named, phrase, t } from "./words.js";

const SHOWN = 100; // rows at first; each press of the button adds as many
const counts = (job) => job.tasks ?? job.observed;
export const bad = (job) => sum(counts(job), BAD);
// Counts all failed tasks: the observed ones, and those that only the job statistics report so far.
export function badOf(jobs, listed) {
  const ahead = (job) => Math.max(0, bad(job) - sum(job.observed, BAD));
  return listed + jobs.reduce((all, job) => all + ahead(job), 0);
}
// Its total is the number of failed tasks in the task list.
export const BAD_TASKS = `tasks?limit=1&status=${BAD.join()}`;

const titleOf = (job) => job.job_name ?? job.job_id;

export function End({ job }) {
  if (job.ended_at) return html`<span class="quiet">${phrase("jobs.ended", { time: html`<${Ago} at=${job.ended_at} />` })}</span>`;
  if (!job.eta_half_at && !job.eta_most_at) return html`<span class="quiet">${t("jobs.eta_unknown")}</span>`;
  return html`<${Ago} future at=${job.eta_half_at ?? job.eta_most_at} />${job.eta_half_at && job.eta_most_at
    ? html`<span class="quiet"> – <${Ago} future at=${job.eta_most_at} /></span>` : ""}`;
}

export function Progress({ job }) {
  const all = job.total ?? sum(job.observed, ALL);
  if (!all) return html`<span class="quiet">${t("jobs.unread")}</span>`;
  const done = sum(counts(job), ENDED);
  return html`<${Bar} counts=${counts(job)} total=${all} />
    <span class="quiet small" aria-hidden="true">${percent(done / all)} · ${t("jobs.of", { done: number(done), all: number(all) })}</span>`;
}

// Adds the account and the instance if there are several.
function Place({ job, accounts }) {
  const words = [named("job_status", job.status ?? "UNKNOWN")];
  if (accounts.length > 1) words.push(job.account);
  if (accounts.some((account) => account.instances.length > 1)) words.push(job.iot_instance);
  return html`<span class="quiet small">${words.join(" · ")}</span>`;
}

const COLUMNS = (accounts) => [
  { key: "name", name: t("jobs.job"), class: "wide", sort: "ascending", cell: (job) => html`
    <a class="name" href=${jobLink(job.account, job.job_id)}>${titleOf(job)}</a>
    <${Place} job=${job} accounts=${accounts} />` },
  { key: "progress", name: t("jobs.progress"), class: "bar-cell", sort: "descending", cell: (job) => html`<${Progress} job=${job} />` },
  { key: "bad", name: t("jobs.bad"), class: "number", sort: "descending", cell: (job) => (bad(job)
    ? html`<a class="count-link" href=${tasksAddress({ job: job.job_id, account: job.account, status: BAD.join() })}><${Count} value=${bad(job)} /></a>`
    : html`<${Count} value=${0} />`) },
  { key: "stalled", name: t("jobs.stalled"), class: "number", sort: "descending", cell: (job) => html`<${Count} value=${job.stalled} kind="warn" />` },
  { key: "overdue", name: t("jobs.overdue"), class: "number", sort: "descending", cell: (job) => (job.overdue === undefined
    ? html`<span class="none" title=${t("sum.overdue_none")}>–</span>` : html`<${Count} value=${job.overdue} kind="warn" />`) },
  { key: "eta", name: t("jobs.eta"), class: "time", sort: "ascending", cell: (job) => html`<${End} job=${job} />` },
];

const endOf = (job) => (job.ended_at ? "~~" : job.eta_half_at ?? job.eta_most_at ?? "~");
const byName = (a, b) => titleOf(a).localeCompare(titleOf(b)) || a.job_id.localeCompare(b.job_id);
const ORDER = {
  // Unfinished jobs first, then finished ones; each by name, because the age of a job is unknown.
  running: (a, b) => Number(Boolean(a.ended_at)) - Number(Boolean(b.ended_at)),
  name: () => 0,
  progress: (a, b) => (b.progress_ratio ?? 0) - (a.progress_ratio ?? 0),
  bad: (a, b) => bad(b) - bad(a),
  stalled: (a, b) => b.stalled - a.stalled,
  overdue: (a, b) => (b.overdue ?? 0) - (a.overdue ?? 0),
  // The earliest estimated end first, unknown ones last.
  eta: (a, b) => endOf(a).localeCompare(endOf(b)),
};
const SHOW = { all: () => true, running: (job) => !job.ended_at, bad: (job) => bad(job) > 0 };

export function Jobs({ jobs, accounts }) {
  const [text, setText] = useState("");
  const [show, setShow] = useState("all");
  const [sort, setSort] = useState("running");
  const [shown, setShown] = useState(SHOWN);
  const wanted = text.toLowerCase();
  const found = jobs.filter((job) => SHOW[show](job) && `${titleOf(job)} ${job.job_id}`.toLowerCase().includes(wanted))
    .sort((a, b) => ORDER[sort](a, b) || byName(a, b));
  const explicit = accounts.reduce((n, a) => n + a.tasks.unseen + a.tasks.unfinished + a.tasks.finished + a.tasks.gone, 0);
  return html`<section aria-labelledby="jobs-title" class="jobs">
    <div class="section-head"><h2 id="jobs-title">${t("jobs.title")}</h2>
      ${jobs.length > 5 && html`<input type="search" aria-label=${t("jobs.filter")} placeholder=${t("jobs.filter")} value=${text} onInput=${(e) => setText(e.target.value)} />`}
      <div class="choice" role="group" aria-label=${t("jobs.show")}>
        ${Object.keys(SHOW).map((key) => html`<button key=${key} type="button" aria-pressed=${show === key} onClick=${() => setShow(key)}>${t(`jobs.show_${key}`)}</button>`)}
      </div></div>
    ${!jobs.length && html`<${Empty} title=${t("jobs.none")} hint=${t("jobs.none_hint")} />`}
    ${jobs.length > 0 && !found.length && html`<${Empty} title=${t("jobs.no_match")} />`}
    ${found.length > 0 && html`<${Table} caption=${t("jobs.caption")} columns=${COLUMNS(accounts)} rows=${found.slice(0, shown)}
      id=${(job) => `${job.account} ${job.job_id}`} rowClass=${(job) => (bad(job) ? "has-bad" : "")} sort=${sort} onSort=${setSort} />`}
    ${found.length > shown && html`<p><button type="button" onClick=${() => setShown(shown + SHOWN)}>${t("jobs.more", { shown: number(Math.min(SHOWN, found.length - shown)) })}</button></p>`}
    ${!jobs.length && explicit > 0 && html`<p><a href=${tasksAddress({})}>${t("jobs.explicit")}: ${number(explicit)}</a></p>`}
  </section>`;
}
