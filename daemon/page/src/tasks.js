// All tasks. The daemon searches and filters; the browser holds one page of results, however many there are.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { query } from "./api.js";
import { ALL, BAD, LIVE, number, UNREAD } from "./format.js";
import { Empty, html, Shown } from "./parts.js";
import { replace, route, tasksAddress } from "./route.js";
import { Pages, TasksTable } from "./tasks_table.js";
import { named, t } from "./words.js";

const SIZE = 50; // tasks per page
const TYPING = 300; // ms after the last key press before the search starts
const LONGEST = 128; // bytes, the maximum length of a search text at the daemon: 42 Chinese characters

const fitting = (text) => text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(LONGEST)).read);

const CHOICES = [...ALL, ...UNREAD];
const FILTERS = ["q", "status", "job", "account"];
const filtersOf = (parameters) => Object.fromEntries(FILTERS.map((name) => [name, parameters[name] ?? ""]));
// Starts from the current filters: a search text in progress must not undo a status that was selected meanwhile.
const set = (changed) => replace(tasksAddress({ ...filtersOf(route.value.parameters), ...changed }));

function Search({ value, onChange }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  const typed = useRef(value);
  useEffect(() => {
    if (value !== typed.current) setText(value); // a link changed it
    typed.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (event) => {
    const next = fitting(event.target.value);
    event.target.value = next;
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      typed.current = next;
      onChange(next);
    }, TYPING);
  };
  return html`<label class="field grow"><span>${t("tasks.search")}</span>
    <input type="search" value=${text} placeholder=${t("tasks.search_hint")} spellcheck=${false} autocapitalize="off" onInput=${type} /></label>`;
}

function Choice({ name, value, options, onChange }) {
  return html`<label class="field"><span>${name}</span><select value=${value} onChange=${(event) => onChange(event.target.value)}>
    <option value="">${t("tasks.any")}</option>
    ${options.map(([key, word]) => html`<option key=${key} value=${key}>${word}</option>`)}
  </select></label>`;
}

function Statuses({ chosen, onChange }) {
  const toggle = (status) => onChange(CHOICES.filter((one) => (one === status) !== chosen.includes(one)));
  const same = (set) => set.length === chosen.length && set.every((one) => chosen.includes(one));
  return html`<fieldset class="statuses"><legend>${t("tasks.status")}</legend>
    <div class="choice">${[["tasks.any", []], ["tasks.only_bad", BAD], ["tasks.only_live", LIVE]].map(([key, set]) => html`
      <button key=${key} type="button" aria-pressed=${same(set)} onClick=${() => onChange(set)}>${t(key)}</button>`)}</div>
    ${CHOICES.map((status) => html`<label key=${status} class=${`tick s-${status}`}><input type="checkbox" checked=${chosen.includes(status)} onChange=${() => toggle(status)} /><span>${named("status", status)}</span></label>`)}
  </fieldset>`;
}

export function Tasks({ parameters, jobs, status }) {
  const filters = filtersOf(parameters);
  const page = Math.max(1, Number.parseInt(parameters.page, 10) || 1);
  const answer = useAnswer(`tasks?${query({ ...filters, limit: SIZE, cursor: parameters.cursor })}`);
  // The previous page of results stays until the next one arrives, so that the layout does not jump.
  const last = useRef();
  if (answer.data || answer.error || !last.current) last.current = { answer, page, cursor: parameters.cursor };
  const { answer: shown, ...place } = last.current;
  const accounts = (status.data?.accounts ?? []).map((account) => account.name);
  const chosen = filters.status ? filters.status.split(",") : [];
  const ofJob = (job) => [job.job_id, `${job.job_name ?? job.job_id}${accounts.length > 1 ? ` (${job.account})` : ""}`];
  const some = FILTERS.some((name) => filters[name]);
  return html`<section aria-labelledby="tasks-title">
    <div class="section-head"><h1 id="tasks-title" tabindex="-1">${t("tasks.title")}</h1>
      <span class="found" role="status" aria-live="polite">${shown.data ? t("tasks.found", { n: shown.data.total, shown: number(shown.data.total) }) : ""}</span></div>
    <div role="search" class="filters">
      <${Search} value=${filters.q} onChange=${(q) => set({ q })} />
      <${Choice} name=${t("tasks.job")} value=${filters.job} options=${(jobs.data?.jobs ?? []).map(ofJob)} onChange=${(job) => set({ job })} />
      ${accounts.length > 1 && html`<${Choice} name=${t("tasks.account")} value=${filters.account} options=${accounts.map((name) => [name, name])} onChange=${(account) => set({ account })} />`}
      <${Statuses} chosen=${chosen} onChange=${(statuses) => set({ status: statuses.join() })} />
      ${some && html`<a class="clear" href="#/tasks">${t("tasks.clear")}</a>`}
    </div>
    <${Shown} answer=${shown} then=${(data) => (data.tasks.length
      ? html`<${TasksTable} caption=${t("tasks.caption")} tasks=${data.tasks} withJob several=${accounts.length > 1} />
        <${Pages} data=${data} size=${SIZE} ...${place} address=${(cursor, number) => tasksAddress({ ...filters, cursor, page: number > 1 ? number : "" })} />`
      : html`<${Empty} title=${t("tasks.none")} hint=${some ? t("tasks.none_hint") : ""} />`)} />
  </section>`;
}
