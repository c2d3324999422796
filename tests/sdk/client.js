// Makes the calls given on stdin, a JSON array of {method, parameters}, with Alibaba Cloud's own
// client, and prints a JSON array of {status, body} or {code, message, status}.
// Environment: ENDPOINT (http://HOST:PORT), ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN (may be
// empty), SIGNATURE: v1 or v3.
'use strict';

const fs = require('fs');
const Iot = require('@alicloud/iot20180120');
const { Config, GlobalParameters } = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');

const { ENDPOINT, ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN, SIGNATURE } = process.env;
const TIMEOUT = 10000; // ms

const config = new Config({
  endpoint: new URL(ENDPOINT).host,
  protocol: 'http',
  regionId: 'cn-shanghai',
  accessKeyId: ACCESS_KEY_ID,
  accessKeySecret: ACCESS_KEY_SECRET,
});
if (SECURITY_TOKEN) config.securityToken = SECURITY_TOKEN;
// The client calls the signature of the RPC style, version 1.0, by this name.
if (SIGNATURE === 'v1') {
  config.signatureAlgorithm = 'v2';
  // The documents demand it with this signature; the client does not send it by itself.
  config.globalParameters = new GlobalParameters({ queries: { RegionId: config.regionId } });
}
const client = new Iot.default(config);
const runtime = new RuntimeOptions({ connectTimeout: TIMEOUT, readTimeout: TIMEOUT });

async function call({ method, parameters }) {
  const Request = Iot[`${method[0].toUpperCase()}${method.slice(1)}Request`];
  try {
    const { statusCode, body } = await client[`${method}WithOptions`](
      new Request(parameters), runtime);
    return { status: statusCode, body: body.toMap() };
  } catch (error) {
    return { code: String(error.code), message: error.message, status: error.data?.statusCode };
  }
}

async function main() {
  const results = [];
  for (const one of JSON.parse(fs.readFileSync(0, 'utf8'))) results.push(await call(one));
  console.log(JSON.stringify(results));
}

main();
