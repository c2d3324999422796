// A peer of `make bench-scrape`: the series of N tasks in prom-client's gauges. prom-client does not compress, so
// gzip is Node's own, level 6.
//
// scrape_peer.js plain|gzip TASKS SCRAPES [BODY_FILE]: prints JSON, {"build_ms", "ms" and "cpu_ms": [of each scrape],
// "bytes"}. The last body is written to BODY_FILE.
'use strict';

const fs = require('fs');
const zlib = require('zlib');
const { Gauge, Registry } = require('prom-client');

const MODIFIED = 1763776923.004;
const STATUSES = ['QUEUED', 'SENT', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELLED',
  'UNKNOWN'];
const IDENTITY = ['account', 'job_id', 'task_id'];

function fill(registry, tasks) {
  const family = (name, labelNames) => new Gauge({
    name, help: "As taskwatchd's.", labelNames, registers: [registry],
  });
  const status = family('aliyun_iot_task_status', [...IDENTITY, 'status']);
  const progress = family('aliyun_iot_task_progress_ratio', IDENTITY);
  const info = family('aliyun_iot_task_info',
    ['account', 'iot_instance', 'job_id', 'task_id', 'job_name', 'product_key', 'device_name']);
  const queued = family('aliyun_iot_task_queued_timestamp_seconds', IDENTITY);
  const modified = family('aliyun_iot_task_modified_timestamp_seconds', IDENTITY);
  for (let i = 0; i < tasks; i += 1) {
    const id = `MSnT9aaaaaaaa${String(i).padStart(6, '0')}q010101`;
    const identity = { account: 'prod', job_id: 'sGWotgRkutxXaaaaa010001', task_id: id };
    for (const one of STATUSES) status.set({ ...identity, status: one }, one === 'IN_PROGRESS' ? 1 : 0);
    progress.set(identity, 0.25);
    info.set({
      ...identity, iot_instance: 'main', job_name: 'ota', product_key: 'pk', device_name: `dev-${id}`,
    }, 1);
    queued.set(identity, MODIFIED - 3600);
    modified.set(identity, MODIFIED);
  }
}

async function main() {
  const [form, tasks, scrapes, file] = process.argv.slice(2);
  let begun = performance.now();
  const registry = new Registry();
  fill(registry, Number(tasks));
  const build = performance.now() - begun;
  const times = [];
  const cpuTimes = [];
  let body;
  for (let i = 0; i < Number(scrapes); i += 1) {
    begun = performance.now();
    const cpu = process.cpuUsage();
    body = Buffer.from(await registry.metrics());
    if (form === 'gzip') body = zlib.gzipSync(body);
    times.push(performance.now() - begun);
    const { user, system } = process.cpuUsage(cpu);
    cpuTimes.push((user + system) / 1000);
  }
  console.log(JSON.stringify({ build_ms: build, ms: times, cpu_ms: cpuTimes, bytes: body.length }));
  if (file) fs.writeFileSync(file, body);
}

main();
