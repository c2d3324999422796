// One page of tasks, and the links to the next and previous page.
import { Ago, html, jobLink, Status, Table, taskLink } from "./parts.js";
import { number } from "./format.js";
import { t } from "./words.js";

export const shownStatus = (task) => (task.gone ? "gone" : task.superseded ? "superseded" : task.status ?? task.state);

const device = (task) => html`<a class="name" href=${taskLink(task.account, task.task_id)}>${task.device_name ?? task.task_id}</a>
  <span class="quiet small id">${task.device_name ? task.task_id : ""}</span>`;
const status = (task) => html`<${Status} status=${task.status ?? task.state} text=${task.status_text} />
  ${task.superseded || task.gone ? html` <${Status} status=${shownStatus(task)} />` : ""}
  ${task.attempt > 1 ? html` <span class="quiet small">${t("tasks.attempt", { n: task.attempt })}</span>` : ""}`;
const progress = (task) => (task.progress === undefined ? html`<span class="none">–</span>` : html`<span class="meter" role="img" aria-label=${`${task.progress} %`}><span style=${{ width: `${Math.min(task.progress, 100)}%` }}></span></span> <span aria-hidden="true">${task.progress} %</span>`);
const words = (text) => (text ? html`<span class="device-text">${text}</span>` : html`<span class="none">–</span>`);

// `withJob`: adds a column for the job, if the tasks belong to several jobs.
export function TasksTable({ caption, tasks, withJob, several }) {
  const columns = [
    { key: "device", name: t("tasks.device"), class: "wide", cell: device },
    { key: "status", name: t("tasks.status"), cell: status },
    withJob && { key: "job", name: t("tasks.job"), cell: (task) => html`${task.job_id ? html`<a href=${jobLink(task.account, task.job_id)}>${task.job_name || task.job_id}</a>` : html`<span class="none">–</span>`}
      ${several && html`<span class="quiet small">${task.account}</span>`}` },
    { key: "progress", name: t("tasks.progress"), class: "progress", cell: progress },
    { key: "message", name: t("tasks.message"), class: "words", cell: (task) => words(task.message) },
    { key: "detail", name: t("tasks.detail"), class: "words", cell: (task) => words(task.status_detail) },
    { key: "changed", name: t("tasks.changed"), class: "time", cell: (task) => html`<${Ago} at=${task.modified_at} />` },
  ].filter(Boolean);
  return html`<${Table} caption=${caption} columns=${columns} rows=${tasks} id=${(task) => `${task.account} ${task.task_id}`} />`;
}

// The cursor that led to each page's address, for the link "previous". The oldest are removed first.
const before = new Map();
const BEFORE = 500;
function cameFrom(address, cursor) {
  before.delete(address);
  before.set(address, cursor);
  if (before.size > BEFORE) before.delete(before.keys().next().value);
}

// `address(cursor, page)` returns the link to a page.
export function Pages({ data, size, cursor = "", page = 1, address }) {
  const from = (page - 1) * size + 1;
  const next = data.next_cursor && address(data.next_cursor, page + 1);
  if (next) cameFrom(next, cursor);
  const back = before.get(address(cursor, page));
  const to = Math.min(from + data.tasks.length - 1, Math.max(data.total, from));
  return html`<nav class="pages" aria-label=${t("tasks.pages")}>
    <span>${data.tasks.length ? t("tasks.range", { from: number(from), to: number(to), all: number(data.total) }) : ""}</span>
    ${page > 2 && back !== undefined && html`<a href=${address("", 1)}>${t("tasks.first")}</a>`}
    ${page > 1 && html`<a rel="prev" href=${back === undefined ? address("", 1) : address(back, page - 1)}>${t(back === undefined ? "tasks.first" : "tasks.previous")}</a>`}
    ${next && html`<a rel="next" href=${next}>${t("tasks.next")}</a>`}
  </nav>`;
}
