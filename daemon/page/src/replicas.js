// The replicas that share a state database, and the accounts that another one of them holds. Without replicas
// nothing is shown.
import { span } from "./format.js";
import { Fact, html, outward } from "./parts.js";
import { phrase, t } from "./words.js";

const elsewhere = (status) => (status?.leases ?? []).filter((lease) => lease.elsewhere);

// Accounts that no replica holds: nobody polls them.
export const unheld = (status) => (status.leases ?? []).filter((lease) => !lease.elsewhere && !lease.held).map((lease) => lease.account);

// Accounts that a replica configures differently than this one.
export const differing = (status) => (status.leases ?? []).filter((lease) => lease.differs_at);

const Name = ({ name, url }) => {
  const href = outward(url);
  const text = name || t("replicas.another");
  return href ? html`<a href=${href}>${text}</a>` : text;
};

// One line for each replica that holds accounts of this configuration.
export function HeldElsewhere({ status }) {
  const holders = new Map();
  for (const lease of elsewhere(status)) {
    const key = JSON.stringify([lease.holder, lease.holder_url]);
    holders.set(key, [...(holders.get(key) ?? []), lease]);
  }
  if (!holders.size) return null;
  return html`<ul class="elsewhere" aria-label=${t("replicas.elsewhere")}>${[...holders].map(([key, leases]) => html`<li key=${key}>${phrase("replicas.held", {
    n: leases.length,
    accounts: html`<strong>${leases.map((lease) => lease.account).join(", ")}</strong>`,
    replica: html`<${Name} name=${leases[0].holder} url=${leases[0].holder_url} />`,
  })}</li>`)}</ul>`;
}

export function Replicas({ status }) {
  if (!status.replicas) return null;
  return html`<section class="card replicas"><h2>${t("replicas.title")}</h2><dl class="facts">
    ${status.replicas.map((one, n) => html`<${Fact} key=${n} name=${html`<${Name} name=${one.name} url=${one.self ? "" : one.url} />${one.self ? ` · ${t("replicas.self")}` : ""}`}>
      <div>${one.accounts.length ? t("replicas.accounts", { accounts: one.accounts.join(", ") }) : t("replicas.none")}</div>
      <div class="quiet small">${t("replicas.age", { span: span(one.age_seconds) })}</div><//>`)}
  </dl></section>`;
}
