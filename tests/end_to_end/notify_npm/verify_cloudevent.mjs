// Verifies a recorded request with the CloudEvents SDK: it is one event in structured mode that the SDK accepts in its
// strict mode and writes again with the same attributes and data. Reads {headers, body} as JSON from stdin. Prints the
// event as JSON. Exit code 0, or 1 with the reason on stderr.
import { isDeepStrictEqual } from "node:util";
import { HTTP, Mode } from "cloudevents";
import { fail, input } from "./input.mjs";

const { headers, body } = await input();
try {
  const message = { headers, body };
  if (!HTTP.isEvent(message)) fail("the SDK does not take this for an event");
  const mode = String(headers["content-type"] ?? "").startsWith("application/cloudevents+json") ? Mode.STRUCTURED : Mode.BINARY;
  if (mode !== Mode.STRUCTURED) fail("not in structured mode");
  const event = HTTP.toEvent(message);
  if (Array.isArray(event)) fail("a batch, not one event");
  if (event.validate() !== true) fail(`specversion ${event.specversion} is not known`);
  const given = JSON.parse(body);
  const again = JSON.parse(HTTP.structured(event).body);
  // The SDK writes each time with milliseconds.
  for (const one of [given, again]) if (one.time !== undefined) one.time = new Date(one.time).toISOString();
  if (!isDeepStrictEqual(again, given)) fail(`the SDK reads another event: ${JSON.stringify(again)}`);
  console.log(JSON.stringify(again));
} catch (error) {
  fail(error);
}
