// Makes the calls of one driver, in the driver's own folder of packages.
//
// `node run_cases.mjs SWITCH CLIENT`, with STAND_IN and PACKAGES set: the folder of the
// packages, with `cases.json` beside them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { switches } from "./switches.mjs";

const url = process.env.STAND_IN;
const installed = createRequire(path.join(process.env.PACKAGES, "any.js"));
const [, , name, client] = process.argv;
const given = JSON.parse(readFileSync(path.join(process.env.PACKAGES, "cases.json"), "utf8"));

async function end(label) {
  await fetch(`${url}/recorder/next?case=${label}`, { method: "POST" });
}

async function usedUp(stream) {
  for await (const _ of stream) {
    // a stream is read to its end
  }
}

const flush = await switches[name](url, installed);
const file = new URL(`./clients/${client}.mjs`, import.meta.url);
const { cases } = await import(file);
const load = async (module) => {
  try {
    return installed(module);
  } catch (error) {
    if (error.code !== "ERR_REQUIRE_ESM" && error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    const found = installed.resolve.paths(module).map((p) => path.join(p, module));
    return import(pathToFileURL(found[0]));
  }
};
const calls = await cases({ url, given, load, usedUp });
await end("");
for (const [label, call] of Object.entries(calls)) {
  try {
    await call();
  } catch (error) {
    process.stderr.write(`${client}/${label}: ${String(error).slice(0, 200)}\n`);
  }
  await new Promise((later) => setTimeout(later, 20));
  await flush();
  await end(label);
}
process.exit(0); // some libraries wait for their own service
