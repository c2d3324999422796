// Calls a second to each API, from the counts that the daemon gives: kept while the page is open.
import { milliseconds } from "./format.js";

const KEPT = 720; // readings, an hour of them
const WINDOW = 60_000; // ms that "now" looks back

const readings = []; // {at, started, calls: {"account API": n}}

export const nameOf = (account, action) => `${account} ${action}`;

export function measure(status, at) {
  if (readings.at(-1)?.at === at) return;
  const calls = {};
  for (const account of status.accounts) for (const api of account.apis) calls[nameOf(account.name, api.action)] = api.calls;
  // Counts begin anew with the daemon.
  if (readings.length && readings[0].started !== milliseconds(status.started)) readings.length = 0;
  readings.push({ at, started: milliseconds(status.started), calls });
  if (readings.length > KEPT) readings.shift();
}

// {rate, seconds} over the last minute, or over what there is of it; nothing before the second reading.
export function recentRate(name) {
  const last = readings.at(-1);
  const first = readings.find((one) => one.at >= (last?.at ?? 0) - WINDOW);
  if (!last || first === last || !(name in last.calls)) return null;
  const seconds = (last.at - first.at) / 1000;
  return { rate: Math.max(0, last.calls[name] - (first.calls[name] ?? 0)) / seconds, seconds };
}

// [times in s, calls/s of each name ...] between readings.
export function rateLines(names) {
  const lines = [[], ...names.map(() => [])];
  for (let i = 1; i < readings.length; ++i) {
    const [before, now] = [readings[i - 1], readings[i]];
    const seconds = (now.at - before.at) / 1000;
    lines[0].push(now.at / 1000);
    names.forEach((name, n) => {
      const calls = now.calls[name] - before.calls[name];
      lines[n + 1].push(Number.isFinite(calls) && seconds > 0 ? Math.max(calls, 0) / seconds : null);
    });
  }
  return lines;
}
