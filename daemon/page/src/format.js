// Formats numbers, durations and times in the language of the page.
import { language } from "./words.js";

export const ALL = ["QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "CANCELLED", "UNKNOWN"];
export const BAD = ["FAILED", "REJECTED", "TIMED_OUT"];
export const ENDED = [...BAD, "SUCCEEDED", "CANCELLED"];
// States listed among the statuses: no response has shown the task yet, or the platform does not know its id.
export const UNREAD = ["pending", "gone"];
export const LIVE = ["QUEUED", "SENT", "IN_PROGRESS", "UNKNOWN", "pending"];
// The order in a bar: finished statuses first, failures leftmost, where they are most visible.
export const BAR = ["FAILED", "REJECTED", "TIMED_OUT", "SUCCEEDED", "CANCELLED", "IN_PROGRESS", "SENT", "QUEUED", "UNKNOWN"];

const made = new Map();
function once(key, make) {
  const name = `${language.value} ${key}`;
  if (!made.has(name)) made.set(name, make(language.value));
  return made.get(name);
}

export const number = (value) => once("number", (l) => new Intl.NumberFormat(l)).format(value);
export const decimal = (value, digits = 1) =>
  once(`decimal ${digits}`, (l) => new Intl.NumberFormat(l, { minimumFractionDigits: digits, maximumFractionDigits: digits })).format(value);
// 99.97 % is not rounded to 100 %, nor 0.01 % to 0 %.
export function percent(ratio) {
  const whole = ratio >= 1 || ratio <= 0;
  const shown = whole ? ratio : Math.min(Math.max(ratio, 0.001), 0.999);
  return once(`percent ${whole}`, (l) => new Intl.NumberFormat(l, { style: "percent", maximumFractionDigits: whole ? 0 : 1 })).format(shown);
}

export const sum = (counts, statuses) => statuses.reduce((all, status) => all + (counts?.[status] ?? 0), 0);

const unit = (value, name, digits = 0) =>
  once(`${name} ${digits}`, (l) => new Intl.NumberFormat(l, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits })).format(value);

// Formats a duration: 0.35 s, 12 s, 4 min, 2 hr 5 min, 3 days 4 hr.
export function span(seconds) {
  const s = Math.max(seconds, 0);
  if (s < 10) return unit(s, "second", s < 1 ? 2 : 1);
  if (s < 90) return unit(Math.round(s), "second");
  const minutes = Math.round(s / 60);
  if (minutes < 60) return unit(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return [unit(hours, "hour"), minutes % 60 ? unit(minutes % 60, "minute") : ""].filter(Boolean).join(" ");
  const days = Math.floor(hours / 24);
  return [unit(days, "day"), hours % 24 && days < 10 ? unit(hours % 24, "hour") : ""].filter(Boolean).join(" ");
}

export const milliseconds = (text) => Date.parse(text);

// Formats a time relative to now: 3 s ago, in 4 min.
export function relative(at, now) {
  const seconds = (at - now) / 1000;
  const size = Math.abs(seconds);
  const [divisor, name] = size < 60 ? [1, "second"] : size < 5400 ? [60, "minute"] : size < 172800 ? [3600, "hour"] : [86400, "day"];
  const format = once("relative", (l) => new Intl.RelativeTimeFormat(l, { style: "short", numeric: "always" }));
  return format.format(Math.round(seconds / divisor), name);
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
// Formats the time of day, and the day if it is not today.
export function clock(text, exact = false) {
  const at = new Date(text);
  const fraction = exact ? { fractionalSecondDigits: 3 } : {};
  const time = once(`clock ${exact}`, (l) => new Intl.DateTimeFormat(l, { ...CLOCK, ...fraction })).format(at);
  return at.toDateString() === new Date().toDateString() ? time : `${day(at)} ${time}`;
}
const day = (at) => once("day", (l) => new Intl.DateTimeFormat(l, { month: "short", day: "numeric" })).format(at);
export const full = (text) =>
  once("full", (l) => new Intl.DateTimeFormat(l, { dateStyle: "medium", timeStyle: "long" })).format(new Date(text));

// Returns a quantile of a histogram, interpolated linearly within a bucket: null without samples, Infinity above
// the last edge.
export function quantile({ count, up_to: edges }, part) {
  if (!count) return null;
  const rank = part * count;
  let before = [0, 0];
  for (const edge of edges) {
    if (edge[1] >= rank) {
      const inside = edge[1] - before[1];
      return before[0] + (inside ? ((rank - before[1]) / inside) * (edge[0] - before[0]) : 0);
    }
    before = edge;
  }
  return Infinity;
}
