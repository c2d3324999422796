// Verifies a recorded request against OpenTelemetry's own serializers: our JSON is read as the records of their SDK,
// and what the SDK's serializer writes of these must be our JSON. Reads {headers, body} as JSON from stdin. Prints the
// records. Exit code 0, or 1 with the reason on stderr.
//
// Known differences, which are made equal first: the SDK writes `intValue` as a number, while the encoding of 64-bit
// integers in JSON is a text (Protocol Buffers, "ProtoJSON Format"; OTLP requires it); fields with their default value
// may be absent; the order of keys does not matter.
import { isDeepStrictEqual } from "node:util";
import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { fail, input } from "./input.mjs";

// The fields of each message, as in the .proto files of OTLP 1.x, in lowerCamelCase.
const FIELDS = {
  request: ["resourceLogs"],
  resourceLogs: ["resource", "scopeLogs", "schemaUrl"],
  resource: ["attributes", "droppedAttributesCount"],
  scopeLogs: ["scope", "logRecords", "schemaUrl"],
  scope: ["name", "version", "attributes", "droppedAttributesCount"],
  logRecord: ["timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "body", "attributes", "droppedAttributesCount",
    "flags", "traceId", "spanId", "eventName"],
  keyValue: ["key", "value"],
};

function object(value, kind) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(`${kind} is not an object`);
  for (const key of Object.keys(value)) if (!FIELDS[kind].includes(key)) fail(`${kind} has no field ${key}`);
  return value;
}

function list(value, what) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) fail(`${what} is not a list`);
  return value;
}

function optionalText(value, what) {
  if (value !== undefined && typeof value !== "string") fail(`${what} is not a text`);
  return value;
}

// An integer in a text; the range is that of the type.
function integer(value, what, low, high) {
  if (typeof value !== "string" || !/^-?\d{1,20}$/.test(value)) fail(`${what} is not an integer in a text: ${JSON.stringify(value)}`);
  const read = BigInt(value);
  if (read < low || read > high) fail(`${what} is out of range`);
  return read;
}

// Returns [seconds, nanoseconds], the SDK's form of a time.
function time(value, what) {
  const nanoseconds = integer(value ?? "0", what, 0n, 2n ** 64n - 1n);
  return [Number(nanoseconds / 1_000_000_000n), Number(nanoseconds % 1_000_000_000n)];
}

function any(value, what) {
  if (typeof value !== "object" || value === null) fail(`${what} is not an AnyValue`);
  const keys = Object.keys(value);
  if (keys.length !== 1) fail(`${what} has ${keys.length} values`);
  const inner = value[keys[0]];
  switch (keys[0]) {
    case "stringValue": return optionalText(inner, what);
    case "boolValue": if (typeof inner !== "boolean") fail(`${what} is not a boolean`); return inner;
    case "doubleValue": if (typeof inner !== "number") fail(`${what} is not a number`); return inner;
    case "intValue": {
      const read = integer(inner, what, -(2n ** 63n), 2n ** 63n - 1n);
      if (!Number.isSafeInteger(Number(read))) fail(`${what}: the SDK cannot represent ${inner}`);
      return Number(read);
    }
    case "arrayValue": return list(inner?.values, what).map((one) => any(one, what));
    case "kvlistValue": return attributes(inner?.values, what);
    default: return fail(`${what} has no ${keys[0]}`);
  }
}

function attributes(values, what) {
  const made = {};
  for (const pair of list(values, `the attributes of ${what}`)) {
    const { key, value } = object(pair, "keyValue");
    if (typeof key !== "string" || key === "") fail(`an attribute of ${what} has no key`);
    if (Object.hasOwn(made, key)) fail(`${what} has two attributes ${key}`);
    made[key] = any(value, `${what}.${key}`);
  }
  return made;
}

function count(value, what) {
  if (value === undefined) return 0;
  if (!Number.isInteger(value) || value < 0) fail(`${what} is not a count`);
  return value;
}

function record(value, resource, instrumentationScope) {
  const log = object(value, "logRecord");
  const severity = log.severityNumber ?? 0;
  if (!Number.isInteger(severity) || severity < 0 || severity > 24) fail(`severityNumber is not an integer from 0 to 24: ${severity}`);
  const trace = optionalText(log.traceId, "traceId") ?? "";
  const span = optionalText(log.spanId, "spanId") ?? "";
  if (!/^([0-9a-fA-F]{32})?$/.test(trace) || !/^([0-9a-fA-F]{16})?$/.test(span)) fail("traceId or spanId is not hexadecimal");
  return {
    hrTime: time(log.timeUnixNano, "timeUnixNano"),
    hrTimeObserved: time(log.observedTimeUnixNano, "observedTimeUnixNano"),
    severityNumber: severity,
    severityText: optionalText(log.severityText, "severityText"),
    body: log.body === undefined ? undefined : any(log.body, "body"),
    eventName: optionalText(log.eventName, "eventName"),
    attributes: attributes(log.attributes, "a record"),
    droppedAttributesCount: count(log.droppedAttributesCount, "droppedAttributesCount"),
    spanContext: trace || span ? { traceId: trace, spanId: span, traceFlags: count(log.flags, "flags") } : undefined,
    resource,
    instrumentationScope,
  };
}

// Removes default values and sorts keys and attributes.
function plain(value) {
  if (Array.isArray(value)) {
    const items = value.map(plain);
    const isAttributes = items.length > 0 && items.every((one) => one !== null && typeof one === "object" && typeof one.key === "string");
    return isAttributes ? items.sort((a, b) => (a.key < b.key ? -1 : 1)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const made = {};
  for (const key of Object.keys(value).sort()) {
    const inner = key === "intValue" ? String(value[key]) : plain(value[key]);
    const isDefault = inner === "" || inner === 0 || inner === "0" || inner === undefined
      || (typeof inner === "object" && inner !== null && Object.keys(inner).length === 0);
    if (key.endsWith("Value") || !isDefault) made[key] = inner;
  }
  return made;
}

const { headers, body } = await input();
if (String(headers["content-type"] ?? "").split(";")[0].trim() !== "application/json") fail("content-type is not application/json");
try {
  const request = JSON.parse(body);
  const records = [];
  for (const one of list(object(request, "request").resourceLogs, "resourceLogs")) {
    const logs = object(one, "resourceLogs");
    const resource = { attributes: attributes(object(logs.resource ?? {}, "resource").attributes, "the resource"), schemaUrl: optionalText(logs.schemaUrl, "schemaUrl") };
    for (const scoped of list(logs.scopeLogs, "scopeLogs")) {
      const { scope = {}, logRecords, schemaUrl } = object(scoped, "scopeLogs");
      object(scope, "scope");
      const instrumentation = { name: optionalText(scope.name, "the scope's name") ?? "", version: optionalText(scope.version, "the scope's version"),
        attributes: attributes(scope.attributes, "the scope"), schemaUrl: optionalText(schemaUrl, "schemaUrl") };
      for (const log of list(logRecords, "logRecords")) records.push(record(log, resource, instrumentation));
    }
  }
  if (records.length === 0) fail("no records");
  if (ProtobufLogsSerializer.serializeRequest(records).length === 0) fail("the SDK writes nothing");
  const theirs = plain(JSON.parse(new TextDecoder().decode(JsonLogsSerializer.serializeRequest(records))));
  const ours = plain(request);
  if (!isDeepStrictEqual(ours, theirs)) fail(`the SDK writes other JSON:\nours   ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`);
  console.log(JSON.stringify(records.map(({ resource, instrumentationScope, ...rest }) => rest)));
} catch (error) {
  fail(error);
}
