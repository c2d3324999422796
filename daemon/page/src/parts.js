// Small parts that all views share. Data from the platform are only ever inserted as text.
import { html } from "htm/preact";
import { Refusal } from "./api.js";
import { ALL, BAR, clock, ENDED, full, milliseconds, number, percent, relative, sum } from "./format.js";
import { topic, useTopic } from "./topic.js";
import { named, phrase, t } from "./words.js";

export { html };

export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
export const jobLink = (account, id) => link("job", account, id);
export const taskLink = (account, id) => link("task", account, id);

export const Status = ({ status, text }) => html`
  <span class=${`status s-${status}`}>${named("status", status)}${text ? html` <q>${text}</q>` : ""}</span>`;

// All relative times are redrawn together, once per second.
const second = topic(0);
setInterval(() => document.hidden || second.set(second.value + 1), 1000);

// Shows how long ago a time was, or how long until it. A clock that differs from the daemon's must not turn the
// past into the future.
export function Ago({ at, future = false }) {
  useTopic(second);
  const now = Date.now();
  if (!at) return null;
  const time = milliseconds(at);
  return html`<time datetime=${at} title=${full(at)}>${relative(future ? Math.max(time, now) : Math.min(time, now), now)}</time>`;
}
export const Clock = ({ at, exact }) => (at ? html`<time datetime=${at} title=${full(at)}>${clock(at, exact)}</time>` : null);

// Shows the tasks by status as one bar, with a text for screen readers.
export function Bar({ counts, total }) {
  const all = total ?? sum(counts, ALL);
  if (!all) return html`<div class="bar" aria-hidden="true"></div>`;
  const shown = BAR.filter((status) => counts[status] > 0);
  const done = sum(counts, ENDED);
  const parts = shown.map((status) => t("bar.part", { count: number(counts[status]), status: named("status", status) }));
  const label = t("bar.label", { n: all, percent: percent(done / all), done: number(done), all: number(all), parts: parts.join(", ") });
  return html`<div class="bar" role="img" aria-label=${label} title=${parts.join("\n")}>
    ${shown.map((status) => html`<span key=${status} class=${`s-${status}`} style=${{ flexGrow: counts[status] }}></span>`)}
  </div>`;
}

export const Empty = ({ title, hint }) => html`<div class="empty"><p>${title}</p>${hint && html`<p class="hint">${hint}</p>`}</div>`;
export const Loading = () => html`<div class="empty loading" role="status"><p>${t("state.loading")}</p></div>`;

// Returns the address of a replica's page; undefined if it is not http or https. `hash` is the view there.
export function outward(url, hash = "") {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? `${url.replace(/\/+$/, "")}/${hash}` : undefined;
  } catch {
    return undefined;
  }
}
// Instead of a view of an account that another replica holds: a link to the same view there.
export function NotHere({ holder, url }) {
  const href = outward(url, location.hash);
  const name = holder || t("replicas.another");
  return html`<div class="empty not-here" role="status"><p>${phrase("replicas.not_here", { replica: href ? html`<a href=${href}>${name}</a>` : name })}</p></div>`;
}
export const Problem = ({ error }) => html`<div class="empty problem" role="alert">
  <p>${error instanceof Refusal ? t("state.refused", { why: error.message }) : t("state.no_answer")}</p></div>`;

// Draws `then` with the data of a response; without data, the error or the loading state.
export function Shown({ answer, then }) {
  if (answer.data !== undefined) return then(answer.data);
  if (answer.error?.status === 421) return html`<${NotHere} holder=${answer.error.holder} url=${answer.error.holderUrl} />`;
  return answer.error ? html`<${Problem} error=${answer.error} />` : html`<${Loading} />`;
}

// A table that becomes cards on a narrow screen. It has explicit ARIA roles, because a table with another layout
// loses its own. columns: [{key, name, class, sort, cell(row)}]; the first is the header of the row, `sort` is the
// order after a press on its heading.
export function Table({ caption, columns, rows, id, rowClass, sort, onSort }) {
  const head = (column) => {
    if (!column.sort) return column.name;
    return html`<button type="button" class="sort" onClick=${() => onSort(column.key)}>${column.name}<span aria-hidden="true">${sort === column.key ? (column.sort === "ascending" ? " ▴" : " ▾") : ""}</span></button>`;
  };
  return html`<div class="table-box"><table role="table">
    <caption class="unseen">${caption}</caption>
    <thead role="rowgroup"><tr role="row">
      ${columns.map((c) => html`<th key=${c.key} scope="col" role="columnheader" class=${c.class}
        aria-sort=${c.sort && sort === c.key ? c.sort : undefined}>${head(c)}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">${rows.map((row) => html`<tr role="row" key=${id(row)} class=${rowClass?.(row)}>
      ${columns.map((c, n) => n === 0
        ? html`<th key=${c.key} scope="row" role="rowheader" class=${c.class}>${c.cell(row)}</th>`
        : html`<td key=${c.key} role="cell" class=${c.class} data-label=${c.name}><div>${c.cell(row)}</div></td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}

export const Fact = ({ name, hint, children }) => html`<div class="fact"><dt title=${hint}>${name}</dt><dd>${children}</dd></div>`;

// A number that is highlighted if it is not 0.
export const Count = ({ value, kind = "bad" }) =>
  value ? html`<span class=${`count ${kind}`}>${number(value)}</span>` : html`<span class="none">0</span>`;
