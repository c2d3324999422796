// The sinks of notifications: what each delivered last, what waits, and why it fails.
import { number } from "./format.js";
import { Ago, Fact, html } from "./parts.js";
import { t } from "./words.js";

const failing = (status) => (status.notify ?? []).filter((sink) => !sink.up);

// Sinks that fail, as text.
export const sinkProblems = (status) => failing(status).map((sink) => `${t("sinks.sink", { name: sink.name })}: ${sink.reason || t("sinks.failing")}`);

function Sink({ sink }) {
  return html`
    <div><span class=${`lamp ${sink.up ? "good" : "bad"}`}>${sink.up ? t("sinks.up") : html`${t("sinks.failing")} · <${Ago} at=${sink.failing_since} />`}</span></div>
    ${!sink.up && html`<div class="small">${sink.reason}</div>`}
    <div class="quiet small">${sink.last_success ? html`${t("sinks.last")}: <${Ago} at=${sink.last_success} />` : t("sinks.never")}</div>
    ${sink.pending > 0 && html`<div class="quiet small">${t("sinks.pending", { n: sink.pending, shown: number(sink.pending) })}</div>`}
    ${sink.dropped > 0 && html`<div class="small">${t("sinks.dropped", { n: sink.dropped, shown: number(sink.dropped) })}</div>`}`;
}

export function Sinks({ status }) {
  if (!status.notify?.length) return null;
  return html`<section class="card sinks"><h2>${t("sinks.title")}</h2><dl class="facts">
    ${status.notify.map((sink) => html`<${Fact} key=${sink.name} name=${`${sink.name} (${sink.format})`}><${Sink} sink=${sink} /><//>`)}
  </dl></section>`;
}
