// Requests to the daemon, and whether the daemon responds. Addresses are relative, so that a proxy may serve the
// page below any path.
import { topic } from "./topic.js";

const PATIENCE = 15000; // ms until a request counts as failed

export const reach = topic({ away: null, why: "" }); // `away`: time since when the daemon has not responded, in ms

export class Refusal extends Error {
  constructor(status, body) {
    super(body.error);
    this.status = status;
    this.type = body.errorType;
    this.holder = body.holder; // of a 421: the replica that holds the account
    this.holderUrl = body.holder_url;
  }
}

function arrived() {
  if (reach.value.away) reach.set({ away: null, why: "" });
}
function failed(why) {
  reach.set({ away: reach.value.away ?? Date.now(), why });
}

// Returns the `data` of a response. Throws a Refusal if the daemon returned an error, and TypeError or similar if
// it did not respond.
export async function ask(path) {
  let reply;
  try {
    // Not relative to the address of the page, which may contain a user and a password: fetch rejects such an
    // address.
    const url = new URL(`api/v1/${path}`, location.origin + location.pathname);
    reply = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
    const body = await reply.json();
    if (reply.ok && body.status === "success") {
      arrived();
      return body.data;
    }
    if (reply.status === 503) failed(body.error);
    else arrived();
    throw new Refusal(reply.status, body);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    failed(reply && !reply.ok ? `HTTP ${reply.status}` : "");
    throw error;
  }
}

export const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value != null))
    .toString()
    .replaceAll("+", "%20"); // the daemon reads a plus as a plus, not as a space
