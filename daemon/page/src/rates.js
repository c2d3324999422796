// Calls per second to each API, computed from the call counters of the status. Kept while the page is open.
import { milliseconds } from "./format.js";

const KEPT = 720; // readings, about one hour
const WINDOW = 60_000; // ms over which the current rate is averaged

const readings = []; // {at, started, calls: {"account API": n}}

export const nameOf = (account, action) => `${account} ${action}`;

export function measure(status, at) {
  if (readings.at(-1)?.at === at) return;
  const calls = {};
  for (const account of status.accounts) for (const api of account.apis) calls[nameOf(account.name, api.action)] = api.calls;
  // The counters restart from 0 with the daemon.
  if (readings.length && readings[0].started !== milliseconds(status.started)) readings.length = 0;
  readings.push({ at, started: milliseconds(status.started), calls });
  if (readings.length > KEPT) readings.shift();
}

// Returns {rate, seconds} over the last minute, or over the readings so far; null before the second reading.
export function recentRate(name) {
  const last = readings.at(-1);
  const first = readings.find((one) => one.at >= (last?.at ?? 0) - WINDOW);
  if (!last || first === last || !(name in last.calls)) return null;
  const seconds = (last.at - first.at) / 1000;
  return { rate: Math.max(0, last.calls[name] - (first.calls[name] ?? 0)) / seconds, seconds };
}

// Returns [times in s, calls per second of each name ...] between readings.
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
