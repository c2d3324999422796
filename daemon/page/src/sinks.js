// The sinks of notifications: what each delivered last, what waits, and why it fails; and the mutes of chats.
import { number } from "./format.js";
import { Ago, Clock, Fact, html } from "./parts.js";
import { phrase, t } from "./words.js";

const failing = (status) => (status.notify ?? []).filter((sink) => !sink.up);

// Sinks that fail, as text.
export const sinkProblems = (status) => failing(status).map((sink) => `${t("sinks.sink", { name: sink.name })}: ${sink.reason || t("sinks.failing")}`);

function Sink({ sink }) {
  return html`
    <div><span class=${`lamp ${sink.up ? "good" : "bad"}`}>${sink.up ? t("sinks.up") : html`${t("sinks.failing")} · <${Ago} at=${sink.failing_since} />`}</span></div>
    ${!sink.up && html`<div class="small">${sink.reason}</div>`}
    <div class="quiet small">${sink.last_success ? html`${t("sinks.last")}: <${Ago} at=${sink.last_success} />` : t("sinks.never")}</div>
    ${sink.pending > 0 && html`<div class="quiet small">${t("sinks.pending", { n: sink.pending, shown: number(sink.pending) })}</div>`}
    ${sink.muted && html`<div class="small">${t("sinks.muted")}</div>`}
    ${sink.replaying > 0 && html`<div class="quiet small">${t("sinks.replaying", { n: sink.replaying, shown: number(sink.replaying) })}</div>`}
    ${sink.dropped > 0 && html`<div class="small">${t("sinks.dropped", { n: sink.dropped, shown: number(sink.dropped) })}</div>`}`;
}

function Mute({ mute }) {
  const what = [mute.sink ?? t("sinks.all_chats"), mute.account, mute.job].filter(Boolean).join(" · ");
  return html`<${Fact} name=${t("sinks.mute", { id: mute.id })}>
    <div>${phrase("sinks.mute_until", { what, until: html`<${Clock} at=${mute.until} />` })}</div>
    <div class="quiet small">${mute.comment} (${mute.created_by})</div><//>`;
}

export function Sinks({ status }) {
  if (!status.notify?.length && !status.mutes?.length) return null;
  return html`<section class="card sinks"><h2>${t("sinks.title")}</h2><dl class="facts">
    ${(status.notify ?? []).map((sink) => html`<${Fact} key=${sink.name} name=${`${sink.name} (${sink.format})`}><${Sink} sink=${sink} /><//>`)}
    ${(status.mutes ?? []).map((mute) => html`<${Mute} key=${mute.id} mute=${mute} />`)}
  </dl></section>`;
}
