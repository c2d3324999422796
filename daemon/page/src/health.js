// The health of the daemon itself: state database, sinks, configuration, accounts and credentials.
import { feed } from "./feed.js";
import { clock, number, span } from "./format.js";
import { Ago, Clock, Fact, html, Shown } from "./parts.js";
import { HeldElsewhere, Replicas, differing, unheld } from "./replicas.js";
import { Sinks, sinkProblems } from "./sinks.js";
import { useTopic } from "./topic.js";
import { named, phrase, t } from "./words.js";

const KEYS = ["no_keys", "auth", "clock_skew"]; // failure reasons that concern the credentials
const MANY = 100; // undelivered events per sink; a lower number is normal

// Returns the problems as text. Empty if the daemon is healthy.
export function problemsOf(status, stream) {
  const found = [];
  if (!status.store.up) found.push(`${t("health.store")}: ${t("health.store_down")}`);
  for (const [sink, n] of Object.entries(status.sinks)) if (n > MANY) found.push(t("health.pending", { n, shown: number(n), sink }));
  if (!status.config.last_reload_successful) found.push(`${t("health.config")}: ${t("health.config_bad")}`);
  for (const account of status.accounts) {
    const name = t("health.account", { name: account.name });
    const tried = account.failure_reason || account.apis.some((api) => api.calls > 0);
    if (account.failure_reason) found.push(`${name}: ${named("trouble", account.failure_reason)}`);
    else if (!account.up && tried) found.push(`${name}: ${t("health.down")}`);
    else for (const one of account.instances) if (!one.up && one.failure_reason) found.push(`${name}, ${one.name}: ${named("trouble", one.failure_reason)}`);
    for (const api of account.apis) if (api.denied) found.push(`${name}: ${t("health.denied", { api: api.action })}`);
  }
  for (const name of unheld(status)) found.push(`${t("health.account", { name })}: ${t("replicas.unheld")}`);
  for (const lease of differing(status)) found.push(`${t("health.account", { name: lease.account })}: ${t("replicas.differs", { replica: lease.differs_at })}`);
  found.push(...sinkProblems(status));
  if (stream === "lost") found.push(`${t("health.stream")}: ${t("health.stream_lost")}`);
  return found;
}

const Lamp = ({ good, children }) => html`<span class=${`lamp ${good === null ? "" : good ? "good" : "bad"}`}>${children}</span>`;

function Keys({ account }) {
  if (KEYS.includes(account.failure_reason)) return html`<${Lamp} good=${false}>${named("trouble", account.failure_reason)}<//>`;
  if (account.up || account.apis.some((api) => api.last_success)) return html`<${Lamp} good>${t("health.keys_good")}<//>`;
  return html`<${Lamp} good=${null}>${t("health.keys_unknown")}<//>`;
}

function Offset({ seconds }) {
  if (seconds === undefined) return t("health.clock_unknown");
  return t(seconds >= 0 ? "health.clock_offset" : "health.clock_behind", { span: span(Math.abs(seconds)) });
}

function Account({ account }) {
  const down = account.failure_reason ? named("trouble", account.failure_reason) : t(account.apis.some((api) => api.calls > 0) ? "health.down" : "health.unknown");
  return html`<section class="card"><h2>${t("health.account", { name: account.name })}</h2><dl class="facts">
    <${Fact} name=${t("health.answers")}><${Lamp} good=${account.up || (account.failure_reason ? false : null)}>${account.up ? t("health.up") : down}<//><//>
    <${Fact} name=${t("health.keys")}><${Keys} account=${account} /><//>
    <${Fact} name=${t("health.instances")}>${account.instances.map((one) => html`<div key=${one.name}><${Lamp} good=${one.up || (one.failure_reason ? false : null)}>${one.name}${one.failure_reason ? html` · ${named("trouble", one.failure_reason)}` : ""}<//></div>`)}<//>
    <${Fact} name=${t("health.tasks")}>${t("health.tasks_counts", Object.fromEntries(Object.entries(account.tasks).map(([k, v]) => [k, number(v)])))}<//>
    <${Fact} name=${t("health.jobs")}>${t("health.jobs_counts", { watched: number(account.jobs.watched), skipped: number(account.jobs.skipped) })}<//>
    <${Fact} name=${t("health.oldest")}>${account.oldest_observation ? html`<${Ago} at=${account.oldest_observation} />` : t("health.oldest_none")}<//>
    <${Fact} name=${t("health.blind")}>${account.blind_seconds > 0 ? t("health.blind_time", { span: span(account.blind_seconds) }) : t("health.blind_none")}<//>
    <${Fact} name=${t("health.clock")}><${Offset} seconds=${account.clock_offset_seconds} /><//>
  </dl></section>`;
}

function Own({ data, stream }) {
  const { store, sinks, config } = data;
  return html`<section class="card"><h2>${t("health.daemon")}</h2><dl class="facts">
    <${Fact} name=${t("health.daemon")}>${t("page.version", { version: data.version, time: clock(data.started) })}<//>
    <${Fact} name=${t("health.store")}><${Lamp} good=${store.up}>${t(store.up ? "health.store_up" : "health.store_down")}<//><//>
    <${Fact} name=${t("health.sinks")}>${Object.entries(sinks).map(([sink, n]) => html`<div key=${sink}><${Lamp} good=${n <= MANY}>${n ? t("health.pending", { n, shown: number(n), sink }) : t("health.delivered", { sink })}<//></div>`)}<//>
    <${Fact} name=${t("health.config")}><${Lamp} good=${config.last_reload_successful}>${!config.last_reload_successful ? t("health.config_bad")
      : config.last_reload_success ? phrase("health.config_good", { time: html`<${Clock} at=${config.last_reload_success} />` }) : t("health.config_good_start")}<//><//>
    <${Fact} name=${t("health.stream")}><${Lamp} good=${stream === "loading" ? null : stream === "live"}>${t(stream === "lost" ? "health.stream_lost" : "health.stream_live")}<//><//>
  </dl></section>`;
}

export function Health({ status }) {
  const { state } = useTopic(feed);
  return html`<h1 tabindex="-1">${t("health.title")}</h1>
    <${Shown} answer=${status} then=${(data) => {
      const problems = problemsOf(data, state);
      return html`
      ${problems.length ? html`<ul class="problems" aria-label=${t("health.problem_list")}>${problems.map((one) => html`<li key=${one}>${one}</li>`)}</ul>` : html`<p><${Lamp} good>${t("health.good")}<//></p>`}
      <${HeldElsewhere} status=${data} />
      <div class="cards"><${Own} data=${data} stream=${state} /><${Sinks} status=${data} /><${Replicas} status=${data} />${data.accounts.map((account) => html`<${Account} key=${account.name} account=${account} />`)}</div>`;
    }} />`;
}
