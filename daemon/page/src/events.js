// The newest changes, live. Screen readers announce a summary every few seconds, not each line.
import { useEffect, useRef, useState } from "preact/hooks";
import { feed } from "./feed.js";
import { BAD, number } from "./format.js";
import { Clock, Empty, html, jobLink, link, Status, taskLink } from "./parts.js";
import { useTopic } from "./topic.js";
import { named, phrase, t } from "./words.js";

const SHOWN = 120; // lines
const ANNOUNCE_EVERY = 5000; // ms

const isBad = (event) => BAD.includes(event.to ?? event.status);
const Moved = ({ event, job }) => {
  const word = (status) => (job ? html`<span class="job-status">${named("job_status", status)}</span>` : html`<${Status} status=${status} />`);
  return html`${word(event.from)}<span aria-hidden="true"> → </span><span class="unseen">, </span>${word(event.to)}`;
};

// Describes what happened, by event name.
const WORDS = {
  task_transition: (e) => html`<${Moved} event=${e} />`,
  task_baseline: (e) => phrase("events.first_seen", { status: html`<${Status} status=${e.status} />` }),
  task_details: () => t("events.details"),
  task_overdue: (e) => phrase("events.overdue", { status: html`<${Status} status=${e.status} />` }),
  task_gone: () => t("events.gone"),
  task_superseded: () => t("events.superseded"),
  job_transition: (e) => html`<${Moved} event=${e} job />`,
  job_baseline: (e) => t("events.job_baseline", { n: e.tasks, shown: number(e.tasks) }),
  job_stalled: (e) => (e.stalled ? t("events.stalled", { n: e.stalled, shown: number(e.stalled) }) : t("events.not_stalled")),
  job_finished: (e) => (e.bad ? t("events.finished_bad", { bad: number(e.bad), n: e.tasks, shown: number(e.tasks) }) : t("events.finished", { n: e.tasks, shown: number(e.tasks) })),
  distribution_transition: (e) => html`<${Moved} event=${e} job />`,
  distribution_result: (e) => t("events.result", { ok: number(e.ok), failed: number(e.failed) }),
  distribution_file_failed: () => t("events.file_failed"),
  auth_failed: () => t("events.auth_failed"),
  api_forbidden: (e) => t("events.forbidden", { api: e.action }),
  account_unreachable: (e) => t("events.unreachable", { reason: named("trouble", e.reason) }),
  account_recovered: () => t("events.recovered"),
  blind_interval: (e) => phrase("events.blind", { from: html`<${Clock} at=${e.since} />`, to: html`<${Clock} at=${e.until} />`, n: e.transitions, shown: number(e.transitions) }),
};

function Subject({ event }) {
  if (event.task_id) return html`<a href=${taskLink(event.account, event.task_id)}>${event.device_name ?? event.task_id}</a>`;
  if (event.job_id) return html`<a href=${jobLink(event.account, event.job_id)}>${t("events.job", { name: event.job_name ?? event.job_id })}</a>`;
  if (event.distribution_id) return html`<a href=${link("distributions")}>${t("events.distribution", { name: event.distribution_id })}</a>`;
  return html`<span>${event.account}</span>`;
}

export const EventWords = ({ event }) => (Object.hasOwn(WORDS, event.event) ? WORDS[event.event](event) : event.msg);

function Line({ event, fresh }) {
  const text = [event.status_message, event.status_detail].filter(Boolean).join(" · ");
  return html`<li class=${`${isBad(event) ? "bad" : event.level === "warn" ? "warn" : ""} ${fresh ? "fresh" : ""}`}>
    <${Clock} at=${event.ts} /> <span class="subject"><${Subject} event=${event} /></span> <span class="what"><${EventWords} event=${event} /></span>
    ${text && html`<span class="said">${text}</span>`}
  </li>`;
}

// Announces what arrived since the last summary.
function Announcer() {
  const [text, setText] = useState("");
  const seen = useRef(feed.value.arrived);
  useEffect(() => {
    const timer = setInterval(() => {
      const { events, arrived } = feed.value;
      const came = arrived - seen.current;
      seen.current = arrived;
      if (!came) return;
      const bad = events.slice(0, came).filter(isBad).length;
      setText(bad ? t("events.announce_bad", { shown: number(came), bad: number(bad) }) : t("events.announce", { n: came, shown: number(came) }));
    }, ANNOUNCE_EVERY);
    return () => clearInterval(timer);
  }, []);
  return html`<p class="unseen" aria-live="polite" role="status">${text}</p>`;
}

export function Events() {
  const { events, state, arrived } = useTopic(feed);
  const [paused, setPaused] = useState(null);
  const [onlyBad, setOnlyBad] = useState(false);
  // Events that existed when this view was opened are not marked as new.
  const first = useRef(events[0]?.id ?? Infinity);
  if (first.current === Infinity && events.length) first.current = events[0].id;
  const source = paused?.events ?? events;
  const lines = (onlyBad ? source.filter((e) => e.level === "warn" || isBad(e)) : source).slice(0, SHOWN);
  const more = paused ? arrived - paused.arrived : 0;
  return html`<section aria-labelledby="events-title" class="events">
    <div class="section-head"><h2 id="events-title">${t("events.title")}</h2>
      <span class=${`stream ${state}`}>${t(`events.${state}`)}</span>
      <div class="choice">
        <button type="button" aria-pressed=${onlyBad} onClick=${() => setOnlyBad(!onlyBad)}>${t("events.only_bad")}</button>
        <button type="button" aria-pressed=${Boolean(paused)} onClick=${() => setPaused(paused ? null : { events, arrived })}>${t(paused ? "events.resume" : "events.hold")}</button>
      </div></div>
    <${Announcer} />
    ${more > 0 && html`<p class="hint">${t("events.more", { shown: number(more) })}</p>`}
    ${lines.length ? html`<ol class="lines" tabindex="0" aria-label=${t("events.title")}>
      ${lines.map((event) => html`<${Line} key=${event.id} event=${event} fresh=${event.id > first.current} />`)}</ol>`
      : html`<${Empty} title=${t(state === "loading" ? "state.loading" : "events.none")} />`}
  </section>`;
}
