// Polls tasks with Alibaba Cloud's own client for Node, as bench_curl does with libcurl: sdk_loop.js <TASK_IDS
// Makes RATE calls per second, at most IN_FLIGHT at the same time; RATE 0: as many as it can. Prints "CALLS FAILURES"
// when it ends, after SECONDS or by SIGTERM.
// Environment: ENDPOINT (https://HOST:PORT), CLIENT (iot20180120 or pop-core), ACCESS_KEY_ID, ACCESS_KEY_SECRET,
// INSTANCE, IN_FLIGHT, RATE, SECONDS. NODE_EXTRA_CA_CERTS: the certificate of the endpoint.
'use strict';

const fs = require('fs');

const { ENDPOINT, CLIENT, ACCESS_KEY_ID, ACCESS_KEY_SECRET, INSTANCE } = process.env;
const IN_FLIGHT = Number(process.env.IN_FLIGHT);
const RATE = Number(process.env.RATE);
const TIMEOUT = 10000; // ms

// Both keep their connections open by themselves.
function sdk() {
  const Iot = require('@alicloud/iot20180120');
  const { Config } = require('@alicloud/openapi-client');
  const { RuntimeOptions } = require('@alicloud/tea-util');
  const client = new Iot.default(new Config({
    endpoint: new URL(ENDPOINT).host,
    protocol: 'https',
    regionId: 'cn-shanghai',
    accessKeyId: ACCESS_KEY_ID,
    accessKeySecret: ACCESS_KEY_SECRET,
  }));
  const runtime = new RuntimeOptions({ connectTimeout: TIMEOUT, readTimeout: TIMEOUT });
  return async (taskId) => {
    const request = new Iot.QueryTaskRequest({ iotInstanceId: INSTANCE, taskId });
    return (await client.queryTaskWithOptions(request, runtime)).body.data.status;
  };
}

function popCore() {
  const { RPCClient } = require('@alicloud/pop-core');
  const client = new RPCClient({
    endpoint: ENDPOINT,
    apiVersion: '2018-01-20',
    accessKeyId: ACCESS_KEY_ID,
    accessKeySecret: ACCESS_KEY_SECRET,
  });
  return async (TaskId) => {
    const parameters = { RegionId: 'cn-shanghai', IotInstanceId: INSTANCE, TaskId };
    return (await client.request('QueryTask', parameters, { timeout: TIMEOUT })).Data.Status;
  };
}

const ids = fs.readFileSync(0, 'utf8').trim().split('\n');
const query = CLIENT === 'pop-core' ? popCore() : sdk();
const began = process.hrtime.bigint();
let started = 0;
let inFlight = 0;
let calls = 0;
let failures = 0;

async function one() {
  inFlight += 1;
  started += 1;
  try {
    if ((await query(ids[started % ids.length])) !== 'IN_PROGRESS') failures += 1;
  } catch (error) {
    if (failures === 0) console.error(error.message);
    failures += 1;
  }
  calls += 1;
  inFlight -= 1;
  if (RATE === 0) one();
}

function startDue() {
  const due = Math.floor((Number(process.hrtime.bigint() - began) / 1e9) * RATE);
  while (started < due && inFlight < IN_FLIGHT) one();
}

function stop() {
  console.log(`${calls} ${failures}`);
  process.exit(0);
}

process.on('SIGTERM', stop);
setTimeout(stop, 1000 * Number(process.env.SECONDS));
if (RATE > 0) setInterval(startDue, 1);
else for (let i = 0; i < IN_FLIGHT; i += 1) one();
