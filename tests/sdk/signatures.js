// Answers QueryTask, refuses all else as unknown, and says of each request whether Alibaba Cloud's
// own signer signs it alike.
// "listening on URL" on stdout, then one JSON line a request on stderr. Loopback only.
// Environment: ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN (may be empty), GET_ONLY=1.
'use strict';

const http = require('http');
const { default: OpenApiUtil } = require('@alicloud/openapi-util');

const { ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN = '', GET_ONLY } = process.env;
const V3 = 'ACS3-HMAC-SHA256';
const MAX_BODY = 64 * 1024; // bytes

function sameV1(request, parameters) {
  const { Signature, ...signed } = parameters;
  const expected = OpenApiUtil.getRPCSignature(signed, request.method, ACCESS_KEY_SECRET);
  return {
    version: 'v1',
    sent: Signature,
    expected,
    token: signed.SecurityToken || '',
    key: signed.AccessKeyId,
    action: signed.Action,
    task: signed.TaskId,
    instance: signed.IotInstanceId,
  };
}

function sameV3(request, query, body) {
  const { headers } = request;
  const hash = OpenApiUtil.hexEncode(OpenApiUtil.hash(body, V3));
  const expected = OpenApiUtil.getAuthorization(
    { method: request.method, pathname: '/', query, headers }, V3, hash, ACCESS_KEY_ID,
    ACCESS_KEY_SECRET);
  return {
    version: 'v3',
    sent: headers.authorization,
    expected,
    hash: headers['x-acs-content-sha256'] === hash,
    token: headers['x-acs-security-token'] || '',
    key: ACCESS_KEY_ID, // part of what was compared
    action: headers['x-acs-action'],
    task: query.TaskId,
    instance: query.IotInstanceId,
  };
}

function reply(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function answer(request, response, body) {
  if (GET_ONLY && request.method !== 'GET') {
    reply(response, 405, { RequestId: 'R', Code: 'UnsupportedHTTPMethod', Message: 'use GET' });
    return;
  }
  const url = new URL(request.url, 'http://127.0.0.1');
  const query = Object.fromEntries(url.searchParams);
  const form = Object.fromEntries(new URLSearchParams(body.toString()));
  const seen = request.headers.authorization
    ? sameV3(request, query, body)
    : sameV1(request, { ...query, ...form });
  seen.method = request.method;
  seen.same = seen.sent === seen.expected && seen.hash !== false
    && seen.token === SECURITY_TOKEN && seen.key === ACCESS_KEY_ID && url.pathname === '/';
  console.error(JSON.stringify(seen));
  if (seen.action !== 'QueryTask') {
    reply(response, 200, { RequestId: 'R', Success: false, Code: 'iot.job.NotHere', ErrorMessage: 'no' });
    return;
  }
  const time = '2026-11-22T08:00:00.000Z';
  reply(response, 200, {
    RequestId: 'R',
    Success: true,
    Data: {
      TaskId: seen.task, JobId: 'job', Status: 'SUCCEEDED', UtcModified: time, UtcQueueTime: time,
    },
  });
}

const server = http.createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on('data', (part) => {
    size += part.length;
    if (size > MAX_BODY) request.destroy();
    parts.push(part);
  });
  request.on('end', () => answer(request, response, Buffer.concat(parts)));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
