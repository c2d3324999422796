// Verifies the signature of a recorded request with the library of Standard Webhooks. Reads {headers, body, secret, now}
// as JSON from stdin; `secret` is whsec_BASE64, `now` is in Unix seconds and defaults to the clock. Exit code 0, or 1 with
// the reason on stderr.
import { Webhook } from "standardwebhooks";
import { fail, input } from "./input.mjs";

const { headers, body, secret, now } = await input();
if (now !== undefined) Date.now = () => now * 1000; // the library has no other way to check a recorded time
try {
  new Webhook(secret).verify(body, headers);
} catch (error) {
  fail(error);
}
