// The history of a task: each change, and the two polls between which it happened. Only observed statuses are drawn
// as certain: a change is a striped span, from the last response with the old status to the first response with the
// new one.
import { EventWords } from "./events.js";
import { clock, ENDED, milliseconds, span } from "./format.js";
import { Clock, Empty, html, Status } from "./parts.js";
import { named, t } from "./words.js";

const STEPS = new Set(["task_transition", "task_baseline"]);

// Returns [{from, to, status}] in ms. Spans between two polls also have `unsure: true` and `before`, the old
// status.
function spans(task, now) {
  const { last, history } = task;
  const parts = [];
  const moves = history.filter((event) => event.event === "task_transition");
  const known = milliseconds(last?.first_seen ?? now);
  let from = moves.length ? Math.min(known, milliseconds(moves[0].not_before)) : known;
  let status = moves[0]?.from ?? last?.status;
  for (const move of moves) {
    const begin = Math.max(from, milliseconds(move.not_before));
    const end = Math.max(begin, milliseconds(move.observed_at));
    parts.push({ from, to: begin, status });
    parts.push({ from: begin, to: end, before: status, status: move.to, unsure: true });
    from = end;
    status = move.to;
  }
  const ended = ENDED.includes(status);
  // The final status lasts forever: only a short part is drawn, so that the rest stays visible.
  const life = from - (parts[0]?.from ?? from);
  const rest = ended ? Math.min(now, from + Math.max(life * 0.08, 500)) : now;
  parts.push({ from, to: Math.max(rest, from), status });
  return parts.filter((part) => part.to > part.from || !part.unsure);
}

const UNSEEN = 1000; // a span gets at least 1/1000 of the line's width, so that it stays visible

function Line({ task }) {
  if (!task.last) return null;
  const parts = spans(task, milliseconds(task.now));
  // A task that was finished at its first observation has no observed history.
  if (parts.length === 1 && ENDED.includes(parts[0].status)) return null;
  const begin = parts[0].from;
  const end = parts.at(-1).to;
  const whole = Math.max(end - begin, 1);
  const words = parts.filter((part) => !part.unsure)
    .map((part) => t("task.lasted", { status: named("status", part.status), span: span((part.to - part.from) / 1000) }));
  const label = t("task.life_label", { from: clock(begin, true), to: clock(end, true), parts: words.join(", ") });
  return html`<figure class="life">
    <div class="line" role="img" aria-label=${label}>${parts.map((part, n) => html`<span key=${n}
      class=${`s-${part.status} ${part.unsure ? `unsure was-${part.before}` : ""}`} style=${{ flexGrow: Math.max(part.to - part.from, whole / UNSEEN) }}
      title=${part.unsure ? "" : `${named("status", part.status)} ${span((part.to - part.from) / 1000)}`}></span>`)}</div>
    <div class="ends" aria-hidden="true"><span>${clock(begin, true)}</span><span>${span(whole / 1000)}</span><span>${clock(end, true)}</span></div>
    <figcaption class="hint">${t("task.life_hint")}</figcaption>
  </figure>`;
}

function Bounds({ event }) {
  const seconds = (milliseconds(event.observed_at) - milliseconds(event.not_before)) / 1000;
  const late = (milliseconds(event.observed_at) - milliseconds(event.modified_at)) / 1000;
  return html`<p class="bounds">${t("task.between", { from: clock(event.not_before, true), to: clock(event.observed_at, true) })}
    <span class="quiet"> · ${t("task.within", { span: span(seconds) })}</span></p>
    <p class="bounds quiet">${t("task.cloud_time", { time: clock(event.modified_at, true) })} · ${t("task.noticed", { span: span(late) })}</p>`;
}

function Step({ event }) {
  const said = [event.status_message, event.status_detail].filter(Boolean);
  return html`<li class=${`step s-${event.to ?? event.status ?? ""}`}>
    <p class="step-head"><${Clock} at=${event.observed_at ?? event.ts} exact /> <span><${EventWords} event=${event} /></span>
      ${event.progress !== undefined && html`<span class="quiet">${event.progress} %</span>`}</p>
    ${event.event === "task_transition" && html`<${Bounds} event=${event} />`}
    ${event.inferred?.length > 0 && html`<p class="bounds">${t("task.passed", { statuses: event.inferred.map((s) => named("status", s)).join(", ") })}</p>`}
    ${event.anomaly && html`<p class="bounds warn-text">${t("task.anomaly")}</p>`}
    ${said.map((text) => html`<p key=${text} class="device-text said">${text}</p>`)}
  </li>`;
}

function attempts(history) {
  const found = [];
  for (const event of history) {
    const attempt = event.attempt ?? found.at(-1)?.attempt ?? 1;
    if (found.at(-1)?.attempt !== attempt) found.push({ attempt, events: [] });
    found.at(-1).events.push(event);
  }
  return found;
}

export function Timeline({ task }) {
  const groups = attempts(task.history);
  const begun = !task.history_cut && task.last?.queued_at;
  return html`<section aria-labelledby="life-title"><h2 id="life-title">${t("task.life")}</h2>
    <${Line} task=${task} />
    ${task.history_cut && html`<p class="hint">${t("task.cut")}</p>`}
    ${!task.history.length && html`<${Empty} title=${t("task.no_history")} />`}
    ${groups.map((group, n) => html`<div key=${group.attempt} class="attempt">
      ${(groups.length > 1 || group.attempt > 1) && html`<h3>${t("task.attempt", { n: group.attempt })}</h3>`}
      <ol class="steps">
        ${n === 0 && begun && group.attempt === (task.last.attempt ?? 1) && html`<li class="step s-QUEUED"><p class="step-head"><${Clock} at=${task.last.queued_at} exact /> <span>${t("task.queued_at")}</span>
          ${!STEPS.has(group.events[0].event) || group.events[0].event === "task_baseline" ? "" : html`<span class="quiet">→ <${Status} status=${group.events[0].from} /> ${t("task.first_sight")} <${Clock} at=${task.last.first_seen} exact /></span>`}</p></li>`}
        ${group.events.map((event) => html`<${Step} key=${event.id} event=${event} />`)}
      </ol></div>`)}
  </section>`;
}
