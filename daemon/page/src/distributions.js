// The watched distributions and the devices that failed to move.
import { useAnswer } from "./answer.js";
import { query } from "./api.js";
import { number } from "./format.js";
import { Ago, Count, Empty, html, Shown, Table } from "./parts.js";
import { named, t } from "./words.js";

const SHOWN = 100; // failed devices of one distribution; the result file lists all

const csv = (one) => `api/v1/distributions/${encodeURIComponent(one.distribution_id)}/failed.csv?${query({ account: one.account })}`;

function Result({ one }) {
  const { result } = one;
  if (!result) return html`<span class="quiet">${t("distributions.unread")}</span>`;
  if (!result.understood) return html`<span class="count warn">${t("distributions.not_understood")}</span> <span class="quiet">${result.problem}</span>`;
  return html`${t("distributions.ok", { shown: number(result.ok) })}${result.failed > 0 && html` <span class="count bad">${t("distributions.failed", { shown: number(result.failed) })}</span>`}${
    result.unknown > 0 && html` <span class="count warn">${t("distributions.unknown", { shown: number(result.unknown) })}</span>`}`;
}

function Failed({ one }) {
  const devices = one.result?.failed_devices ?? [];
  if (!devices.length) return null;
  const columns = [
    { key: "device", name: t("tasks.device"), cell: (d) => html`<span class="name">${d.device_name}</span> <span class="quiet small">${d.product_key}</span>` },
    { key: "code", name: t("distributions.code"), cell: (d) => d.code },
    { key: "message", name: t("tasks.message"), class: "words", cell: (d) => html`<span class="device-text">${d.message}</span>` },
  ];
  return html`<details open><summary>${t("distributions.failed_title")} <${Count} value=${one.result.failed} /> <span class="id quiet">${one.distribution_id}</span></summary>
    <${Table} caption=${t("distributions.failed_caption", { name: one.distribution_id })} columns=${columns} rows=${devices.slice(0, SHOWN)} id=${(d) => `${d.product_key} ${d.device_name}`} />
    <p>${one.result.failed > SHOWN && html`<span class="quiet">${t("distributions.more", { n: one.result.failed - SHOWN, shown: number(one.result.failed - SHOWN) })} </span>`}<a href=${csv(one)} download>${t("distributions.csv")}</a></p></details>`;
}

export function Distributions() {
  const answer = useAnswer("distributions");
  const columns = [
    { key: "id", name: t("distributions.id"), class: "wide", cell: (one) => html`<span class="name id">${one.distribution_id}</span><span class="quiet small">${[one.account, one.product_key].filter(Boolean).join(" · ")}</span>` },
    { key: "status", name: t("distributions.status"), cell: (one) => html`<span class=${one.status === "ABORTED" ? "count bad" : "job-status"}>${named("job_status", one.status)}</span>${one.status_text ? html` <q>${one.status_text}</q>` : ""}` },
    { key: "result", name: t("distributions.result"), cell: (one) => html`<${Result} one=${one} />` },
    { key: "devices", name: t("distributions.devices"), class: "number", cell: (one) => (one.devices === undefined ? "–" : number(one.devices)) },
    { key: "way", name: t("distributions.way"), cell: (one) => html`<span class="id">${one.source_instance}</span> → <span class="id">${one.target_instances.join(", ")}</span>` },
    { key: "time", name: t("distributions.time"), class: "time", cell: (one) => html`<${Ago} at=${one.ended_at ?? one.created_at ?? one.first_seen_at} />` },
  ];
  return html`<h1 tabindex="-1">${t("distributions.title")}</h1>
    <${Shown} answer=${answer} then=${(list) => (list.length ? html`
      <${Table} caption=${t("distributions.caption")} columns=${columns} rows=${list} id=${(one) => `${one.account} ${one.distribution_id}`} />
      ${list.map((one) => html`<${Failed} key=${`${one.account} ${one.distribution_id}`} one=${one} />`)}`
      : html`<${Empty} title=${t("distributions.none")} hint=${t("distributions.none_hint")} />`)} />`;
}
