// Recognises requests to model APIs: by method, path and the fields of the body.
"use strict";

const table = require("../endpoints.json").map((row) => ({
  api: row.api,
  path: new RegExp(row.path),
  host: row.host === undefined ? null : new RegExp(row.host),
  all: (row.all ?? []).map((name) => `"${name}"`),
  any: (row.any ?? []).map((name) => `"${name}"`),
}));
// One search over the path turns away nearly all that an application sends.
const anyPath = new RegExp(
  table.map((row) => row.path.source.replace(/\(\?<\w+>/g, "(?:")).join("|"),
);
// Parts of a query that say how a request is meant; every other one may be a key.
const QUERY = new Set(["alt", "api-version", "beta"]);
const PLAIN = /^[\w.-]{0,64}$/;

/** Tells cheaply whether the body is worth a look. */
function mayMatch(method, url, baseUrls) {
  if (method.toUpperCase() !== "POST") return false;
  const path = url.split("?", 1)[0];
  return anyPath.test(path) || baseUrls.some((base) => path.startsWith(base.url));
}

/** Returns the API that a request goes to; null for any other request. */
function match(url, body, baseUrls) {
  const parts = new URL(url);
  const kept = [...parts.searchParams]
    .filter(([name, value]) => QUERY.has(name) && PLAIN.test(value))
    .map(([name, value]) => `${name}=${value}`);
  const query = kept.length > 0 ? `?${kept.join("&")}` : "";
  const plain = `${parts.protocol}//${parts.host}${parts.pathname}${query}`;
  const base = baseUrls.find((one) => url.startsWith(one.url));
  if (base !== undefined) return { api: base.api, model: "", url: plain };
  for (const row of table) {
    const found = row.path.exec(parts.pathname);
    if (found !== null && fits(row, parts.hostname, body)) {
      return { api: row.api, model: decode(found.groups?.model ?? ""), url: plain };
    }
  }
  return null;
}

function fits(row, host, body) {
  if (row.host !== null && !row.host.test(host)) return false;
  if (!row.all.every((field) => body.includes(field))) return false;
  return row.any.length === 0 || row.any.some((field) => body.includes(field));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

module.exports = { mayMatch, match };
