// The recorded request on stdin, and the end with a reason.
import { text } from "node:stream/consumers";

export async function input() {
  return JSON.parse(await text(process.stdin));
}

export function fail(reason) {
  console.error(reason instanceof Error ? reason.message : reason);
  process.exit(1);
}
