// Makes dist/page.js and dist/page.css of src/. The result is checked in, so that the daemon builds without Node.js;
// the test web_bundle holds it to the sources.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const licence = (name) => readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), "utf8").trim();
// What the bundled libraries ask to be kept with them; htm is under the same licence as taskwatchd itself.
const notices = ["preact", "uplot"].map((name) => `${name}\n\n${licence(name)}`).join("\n\n");

await build({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: { page: "src/main.js" },
  outdir: process.argv[2] ?? "dist",
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: ["chrome100", "firefox100", "safari15.4"],
  legalComments: "none",
  banner: { js: `/*! taskwatchd's status page. It contains htm (Apache-2.0, Google Inc.) and:\n\n${notices}\n*/` },
});
