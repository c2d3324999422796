// The API quota and its effect: calls to each API compared with the rate limit, and detection delays.
import { useMemo } from "preact/hooks";
import { Chart, colour } from "./chart.js";
import { feed } from "./feed.js";
import { BAD, clock, decimal, milliseconds, number, quantile, span } from "./format.js";
import { Ago, Count, Empty, html, Shown, Table } from "./parts.js";
import { nameOf, rateLines, recentRate } from "./rates.js";
import { useTopic } from "./topic.js";
import { t } from "./words.js";

const LINES = ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6", "line-7"];
const LEAST = 0.02; // s: the chart shows lower delays as this one

const failuresOf = (api) => Object.entries(api.failures).reduce((all, [reason, n]) => all + (reason === "throttled" ? 0 : n), 0);

export function Rate({ account, api }) {
  const recent = recentRate(nameOf(account, api.action));
  if (api.denied) return html`<span class="count bad">${t("pace.denied")}</span>`;
  const limit = api.configured;
  const slowed = api.rate_limit < limit - 0.005;
  return html`<span class="use">
    <span class="meter" role="img" aria-label=${recent ? `${decimal(recent.rate)} ${t("pace.share", { rate: decimal(limit) })}` : t("pace.measuring")}>
      <span style=${{ width: `${Math.min(100, ((recent?.rate ?? 0) / limit) * 100)}%` }}></span>
      ${slowed && html`<i style=${{ left: `${Math.min(99, (api.rate_limit / limit) * 100)}%` }}></i>`}</span>
    <span aria-hidden="true" title=${recent ? t("pace.now_hint", { span: span(recent.seconds) }) : ""}>${recent ? decimal(recent.rate) : "–"} <span class="quiet">${t("pace.share", { rate: decimal(limit) })}</span></span>
    ${slowed && html`<span class="count warn">${t("pace.slowed", { rate: decimal(api.rate_limit, 2) })}</span>`}</span>`;
}

function Quota({ account }) {
  const columns = [
    { key: "api", name: t("pace.api"), cell: (api) => html`<span class="swatch" aria-hidden="true" style=${{ background: `var(--${LINES[account.apis.indexOf(api) % LINES.length]})` }}></span>${api.action}` },
    { key: "now", name: t("pace.now"), class: "use-cell", cell: (api) => html`<${Rate} account=${account.name} api=${api} />` },
    { key: "calls", name: t("pace.calls"), class: "number", cell: (api) => number(api.calls) },
    { key: "throttled", name: t("pace.throttled"), class: "number", cell: (api) => html`<${Count} value=${api.failures.throttled ?? 0} kind="warn" />` },
    { key: "failures", name: t("pace.failures"), class: "number", cell: (api) => html`<span title=${Object.entries(api.failures).map(([reason, n]) => `${t(`trouble.${reason}`)}: ${n}`).join("\n")}><${Count} value=${failuresOf(api)} kind="warn" /></span>` },
    { key: "last", name: t("pace.last"), class: "time", cell: (api) => (api.last_success ? html`<${Ago} at=${api.last_success} />` : t("pace.never")) },
  ];
  return html`<${Table} caption=${t("pace.quota_caption", { account: account.name })} columns=${columns} rows=${account.apis} id=${(api) => api.action} />`;
}

function Calls({ account, at }) {
  const actions = account.apis.map((api) => api.action).join();
  const data = useMemo(() => rateLines(actions.split(",").map((action) => nameOf(account.name, action))), [account.name, actions, at]);
  const series = () => actions.split(",").map((action, n) => ({ label: action, stroke: colour(LINES[n % LINES.length]), width: 1.5, points: { show: false } }));
  if (data[0].length < 2) return html`<p class="hint">${t("pace.measuring")}</p>`;
  return html`<figure><figcaption>${t("pace.chart")}</figcaption>
    <${Chart} label=${t("pace.chart_label")} series=${series} data=${data} y=${{}} scale=${{ range: (_, __, most) => [0, Math.max(1, most * 1.1)] }} floor=${actions} /></figure>`;
}

export const within = (seconds) => (seconds === null ? "–" : seconds === Infinity ? "∞" : span(seconds));

function Delays({ account }) {
  const bound = account.detection_delay_bound_seconds;
  const columns = [
    { key: "class", name: t("pace.class"), cell: (delay) => t(`pace.class_${delay.class}`) },
    { key: "count", name: t("pace.changes"), class: "number", cell: (delay) => number(delay.count) },
    { key: "half", name: t("pace.half"), class: "number", cell: (delay) => within(quantile(delay, 0.5)) },
    { key: "most", name: t("pace.most"), class: "number", cell: (delay) => within(quantile(delay, 0.99)) },
    { key: "mean", name: t("pace.mean"), class: "number", cell: (delay) => (delay.count ? span(delay.sum_seconds / delay.count) : "–") },
    bound !== undefined && { key: "bound", name: `${t("pace.bound")} ${span(bound)}`, cell: (delay) => {
      if (delay.class !== "bad" || !delay.count) return html`<span class="none">–</span>`;
      return quantile(delay, 0.99) <= bound ? html`<span class="good-text">${t("pace.kept")}</span>` : html`<span class="count bad">${t("pace.over", { span: span(bound) })}</span>`;
    } },
  ].filter(Boolean);
  return html`<${Table} caption=${t("pace.delay_caption", { account: account.name })} columns=${columns} rows=${account.detection_delay} id=${(delay) => delay.class} />`;
}

// Returns [times, bad, good, other]: the delay of each change in seconds.
function dots(events) {
  const points = events.filter((event) => event.event === "task_transition")
    .map((event) => ({ at: milliseconds(event.observed_at) / 1000, late: Math.max((milliseconds(event.observed_at) - milliseconds(event.modified_at)) / 1000, LEAST), kind: BAD.includes(event.to) ? 1 : event.to === "SUCCEEDED" ? 2 : 3 }))
    .sort((a, b) => a.at - b.at);
  const data = [[], [], [], []];
  for (const point of points) {
    data[0].push(point.at);
    for (const kind of [1, 2, 3]) data[kind].push(point.kind === kind ? point.late : null);
  }
  return { data, delays: points.map((point) => point.late).sort((a, b) => a - b) };
}

const KINDS = [["bad", "FAILED"], ["good", "SUCCEEDED"], ["other", "IN_PROGRESS"]];

function Dots({ bound }) {
  const { events } = useTopic(feed);
  const { data, delays } = useMemo(() => dots(events), [events]);
  if (!delays.length) return html`<${Empty} title=${t("pace.dots_none")} />`;
  const all = bound === undefined ? data : [...data, data[0].map(() => bound)];
  const series = () => [
    ...KINDS.map(([kind, status]) => ({ label: kind, paths: () => null, stroke: colour(status), points: { show: true, size: kind === "bad" ? 7 : 5, fill: colour(status), width: 0 } })),
    ...(bound === undefined ? [] : [{ label: "bound", stroke: colour("FAILED"), dash: [4, 4], width: 1, points: { show: false } }]),
  ];
  const label = t("pace.dots_label", { n: delays.length, shown: number(delays.length), half: span(delays[Math.floor(delays.length / 2)]), worst: span(delays.at(-1)) });
  const decades = (_, splits) => splits.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null));
  const y = { filter: decades, values: (_, splits) => decades(_, splits).map((value) => (value === null ? "" : span(value))), size: 66 };
  const range = (_, least, most) => [Math.min(0.1, least), Math.max(10, most * 1.2, bound ?? 0)];
  return html`<figure><figcaption>${t("pace.dots", { n: delays.length, shown: number(delays.length) })}
    <span class="legend">${KINDS.map(([kind, status]) => html`<span key=${kind}><i class="swatch" style=${{ background: `var(--${status})` }}></i>${t(`pace.class_${kind}`)}</span>`)}</span></figcaption>
    <${Chart} label=${label} series=${series} data=${all} y=${y} scale=${{ distr: 3, range }} floor=${bound} />
    <p class="hint">${label}</p></figure>`;
}

export function Pace({ status }) {
  return html`<h1 tabindex="-1">${t("pace.title")}</h1>
    <${Shown} answer=${status} then=${(data) => html`
      <section aria-labelledby="quota-title"><h2 id="quota-title">${t("pace.quota")}</h2>
        ${data.accounts.map((account) => html`<div key=${account.name}>${data.accounts.length > 1 && html`<h3>${account.name}</h3>`}
          <${Quota} account=${account} /><${Calls} account=${account} at=${status.at} /></div>`)}
        <p class="hint">${t("pace.since", { time: clock(data.started) })}</p></section>
      <section aria-labelledby="delay-title"><h2 id="delay-title">${t("pace.delay")}</h2><p class="hint">${t("pace.delay_hint")}</p>
        ${data.accounts.map((account) => html`<div key=${account.name}>${data.accounts.length > 1 && html`<h3>${account.name}</h3>`}<${Delays} account=${account} /></div>`)}
        <${Dots} bound=${data.accounts[0]?.detection_delay_bound_seconds} /></section>`} />`;
}
