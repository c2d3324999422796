// One task: its last known status, its history and its next poll.
import { useAnswer } from "./answer.js";
import { query } from "./api.js";
import { Ago, Clock, Empty, Fact, html, jobLink, NotHere, Shown, Status, Table } from "./parts.js";
import { shownStatus } from "./tasks_table.js";
import { Timeline } from "./timeline.js";
import { t } from "./words.js";

function Said({ last }) {
  if (!last.message && !last.status_detail && !last.status_text) return null;
  return html`<dl class="said-box">
    ${last.status_text && html`<dt>${t("tasks.status")}</dt><dd class="device-text">${last.status_text}</dd>`}
    ${last.message && html`<dt>${t("tasks.message")}</dt><dd class="device-text">${last.message}</dd>`}
    ${last.status_detail && html`<dt>${t("tasks.detail")}</dt><dd class="device-text mono">${last.status_detail}</dd>`}
  </dl>`;
}

function Facts({ task }) {
  const { last } = task;
  const time = (key, at) => at && html`<${Fact} name=${t(key)}><${Clock} at=${at} exact /> <span class="quiet">(<${Ago} at=${at} />)</span><//>`;
  return html`<dl class="facts">
    <${Fact} name=${t("tasks.job")}>${last?.job_id ? html`<a href=${jobLink(task.account, last.job_id)}>${last.job_name || last.job_id}</a>` : "–"}<//>
    <${Fact} name=${t("tasks.progress")}>${last?.progress === undefined ? "–" : `${last.progress} %`}<//>
    ${time("task.queued", last?.queued_at)}
    ${time("task.started", last?.started_at)}
    ${time("task.modified", last?.modified_at)}
    ${time("task.seen", last?.last_seen)}
    <${Fact} name=${t("job.account")}>${task.account} · ${task.iot_instance}<//>
    ${last?.product_key && html`<${Fact} name=${t("task.product")}>${last.product_key}<//>`}
    <${Fact} name=${t("task.watched_as")}>${t(task.explicit ? "task.explicit" : "task.of_job")}<//>
    <${Fact} name=${t("task.id")}><span class="id">${task.task_id}</span><//>
  </dl>`;
}

function Next({ task }) {
  const columns = [
    { key: "api", name: t("task.api"), cell: (call) => call.api },
    { key: "when", name: t("task.when"), class: "time", cell: (call) => (call.not_before ? html`<${Clock} at=${call.not_before} exact />` : "–") },
    { key: "why", name: t("task.why"), class: "why", cell: (call) => html`<span lang="en">${call.why}</span>` },
  ];
  return html`<section aria-labelledby="next-title"><h2 id="next-title">${t("task.next")}</h2>
    ${task.next.length ? html`<${Table} caption=${t("task.next_caption")} columns=${columns} rows=${task.next} id=${(call) => `${call.api} ${call.rule}`} />`
      : html`<${Empty} title=${t("task.next_none")} />`}</section>`;
}

export function Task({ ids: [account, id] }) {
  const answer = useAnswer(`tasks/${encodeURIComponent(id ?? "")}?${query({ account })}`);
  if (!answer.data && answer.error?.status === 404) {
    return html`<h1 tabindex="-1" class="id">${id}</h1><${Empty} title=${t("task.missing")} />`;
  }
  if (!answer.data && answer.error?.status === 421) {
    return html`<h1 tabindex="-1" class="id">${id}</h1><${NotHere} holder=${answer.error.holder} url=${answer.error.holderUrl} />`;
  }
  return html`<${Shown} answer=${answer} then=${(task) => html`
    <div class="section-head"><h1 tabindex="-1">${task.last?.device_name ?? task.task_id}</h1>
      <${Status} status=${task.last ? shownStatus({ ...task.last, state: task.state }) : task.state} />
      ${task.last?.attempt > 1 && html`<span class="quiet">${t("tasks.attempt", { n: task.last.attempt })}</span>`}</div>
    ${task.last ? html`<${Said} last=${task.last} />` : html`<${Empty} title=${t("task.pending")} />`}
    <${Facts} task=${task} />
    <${Timeline} task=${task} />
    <${Next} task=${task} />`} />`;
}
