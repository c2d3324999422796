// The stored events: first the newest few hundred, then every two seconds the ones after them. It does not use the
// daemon's event stream: browsers allow six connections per host for all windows, and each window would use one.
import { ask, Refusal } from "./api.js";
import { topic } from "./topic.js";

const KEPT = 500; // events
const FIRST = 300;
const PAUSE = 2000; // ms between two requests

// `events`: newest first. `state`: loading, live, lost. `arrived`: number of events that arrived since the page was
// opened.
export const feed = topic({ events: [], state: "loading", arrived: 0 });

const watchers = new Set();
// Registers a function to call after new events. Returns a function that removes it.
export function onChange(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

let next = null; // the id after which events are requested; null before the first response
let asking = false;
let timer = 0;

// Returns the events since the last request. Returns null if they are unknown: the event was deleted, the ids
// belong to another state database, or there are more than one response holds.
async function later() {
  if (next === null) return null;
  try {
    const page = await ask(`transitions?since=${next}&limit=${FIRST}`);
    return page.more ? null : page;
  } catch (error) {
    if (error instanceof Refusal && error.status === 410) return null;
    throw error;
  }
}

async function bring() {
  const page = await later();
  const { events, state, arrived } = feed.value;
  // Older events that do not fit into one response are left out.
  const whole = page ?? (await ask(`transitions?limit=${FIRST}`));
  const came = [...whole.events].reverse();
  const fresh = next === null ? 0 : page ? came.length : came.filter((event) => event.id > next).length;
  next = whole.next;
  if (page && came.length === 0 && state === "live") return;
  feed.set({ events: [...came, ...(page ? events : [])].slice(0, KEPT), state: "live", arrived: arrived + fresh });
  for (const watcher of watchers) watcher();
}

async function look() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  try {
    await bring();
  } catch {
    if (feed.value.state !== "lost") feed.set({ ...feed.value, state: "lost" });
  }
  asking = false;
  timer = setTimeout(look, PAUSE);
}

export function startFeed() {
  document.addEventListener("visibilitychange", look);
  look();
}
