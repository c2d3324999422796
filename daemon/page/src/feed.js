// The stored events as they come: the newest few hundred, then every two seconds what came after them. Not the daemon's
// event stream: browsers allow six connections to one host over all windows, and each window would hold one.
import { ask, Refusal } from "./api.js";
import { topic } from "./topic.js";

const KEPT = 500; // events
const FIRST = 300;
const PAUSE = 2000; // ms between two requests

// `events`: newest first. `state`: loading, live, lost. `told`: how many came since the page was opened.
export const feed = topic({ events: [], state: "loading", told: 0 });

const watchers = new Set();
// Calls back when something has moved.
export function onChange(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

let next = null; // the id after which events are wanted; before the first answer none
let asking = false;
let timer = 0;

// What came since the last request. Nothing if that is not known: its event is deleted, or the ids are another state's.
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
  const { events, state, told } = feed.value;
  // What lies further back than one answer is left out.
  const whole = page ?? (await ask(`transitions?limit=${FIRST}`));
  const came = [...whole.events].reverse();
  const fresh = next === null ? 0 : page ? came.length : came.filter((event) => event.id > next).length;
  next = whole.next;
  if (page && came.length === 0 && state === "live") return;
  feed.set({ events: [...came, ...(page ? events : [])].slice(0, KEPT), state: "live", told: told + fresh });
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
