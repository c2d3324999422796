// The stored events as they come: the newest few hundred, then the daemon's stream after them. A hidden page closes its
// stream, for browsers allow six connections to one host over all tabs.
import { ask } from "./api.js";
import { topic } from "./topic.js";

const KEPT = 500; // events
const FIRST = 300;
const GATHER = 250; // ms: events of a burst are shown together
const AGAIN = 2000; // ms until a stream that was lost is tried again
const NAMES = ["task_transition", "task_baseline", "task_details", "task_superseded", "task_overdue", "task_gone",
  "job_baseline", "job_transition", "distribution_transition", "distribution_result", "distribution_file_failed",
  "blind_interval"];

// `events`: newest first. `state`: loading, live, lost. `told`: how many came since the page was opened.
export const feed = topic({ events: [], state: "loading", told: 0 });

const watchers = new Set();
// Calls back when something has moved.
export function onChange(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

let stream = null;
let next = null; // the id after which events are wanted; before the first answer none
let waiting = [];
let timer = 0;
let retry = 0;

function show() {
  clearTimeout(timer);
  timer = 0;
  const came = waiting.reverse();
  waiting = [];
  const { events, told } = feed.value;
  feed.set({ events: [...came, ...events].slice(0, KEPT), state: "live", told: told + came.length });
  for (const watcher of watchers) watcher();
}

function take(message) {
  const event = JSON.parse(message.data);
  if (event.id <= next) return;
  next = event.id;
  waiting.push(event);
  if (waiting.length > KEPT) waiting.shift();
  timer ||= setTimeout(show, GATHER);
}

const state = (word) => feed.value.state === word || feed.set({ ...feed.value, state: word });

function close() {
  clearTimeout(retry);
  if (timer) show();
  stream?.close();
  stream = null;
}

// Brings the list up to date. What lies further back than one answer is left out: a stream would send all of it.
async function catchUp() {
  const page = await ask(`transitions?limit=${FIRST}`);
  const goesOn = next !== null && page.next >= next; // else it is another state, whose ids begin again
  const came = page.events.filter((event) => !goesOn || event.id > next).reverse();
  const { events, told } = feed.value;
  const before = goesOn && came.length < FIRST ? events : [];
  feed.set({ ...feed.value, events: [...came, ...before].slice(0, KEPT), told: next === null ? told : told + came.length });
  next = page.next;
}

async function open() {
  close();
  if (document.hidden) return;
  try {
    await catchUp();
  } catch {
    state("lost");
    retry = setTimeout(open, AGAIN);
    return;
  }
  if (stream || document.hidden) return;
  const opened = new EventSource(`api/v1/events?last_event_id=${next}`);
  stream = opened;
  opened.onopen = () => {
    state("live");
    for (const watcher of watchers) watcher();
  };
  // The browser would come back by itself, and be sent all that it missed.
  opened.onerror = () => {
    if (stream !== opened) return;
    close();
    state("lost");
    retry = setTimeout(open, AGAIN);
  };
  for (const name of NAMES) opened.addEventListener(name, take);
}

export function startFeed() {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}
