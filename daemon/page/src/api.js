// What the page asks the daemon, and whether it answers. Addresses are relative, so that a proxy may serve the page below
// any path.
import { topic } from "./topic.js";

const PATIENCE = 15000; // ms until a question counts as not answered

export const reach = topic({ away: null, why: "" }); // `away`: since when nothing was answered, in ms

export class Refusal extends Error {
  constructor(status, type, text) {
    super(text);
    this.status = status;
    this.type = type;
  }
}

function arrived() {
  if (reach.value.away) reach.set({ away: null, why: "" });
}
function failed(why) {
  reach.set({ away: reach.value.away ?? Date.now(), why });
}

// The `data` of an answer. Throws a Refusal when the daemon said no, TypeError and the like when it said nothing.
export async function ask(path) {
  let reply;
  try {
    // Not relative to the page's own address, which may hold a user and password: fetch refuses such.
    const url = new URL(`api/v1/${path}`, location.origin + location.pathname);
    reply = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
    const body = await reply.json();
    if (reply.ok && body.status === "success") {
      arrived();
      return body.data;
    }
    if (reply.status === 503) failed(body.error);
    else arrived();
    throw new Refusal(reply.status, body.errorType, body.error);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    failed(reply && !reply.ok ? `HTTP ${reply.status}` : "");
    throw error;
  }
}

export const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value != null))
    .toString()
    .replaceAll("+", "%20"); // for the daemon a plus is a plus
