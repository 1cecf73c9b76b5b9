import type { RequestHandler } from "express";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { TABS } from "./playground-tabs.js";

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Where the page is, and where browsers that open /graphql are sent. */
export const PLAYGROUND_PATH = "/playground";

/**
 * What the Headers tab holds until a key is put there; it goes out with subscriptions too. Plain ASCII: a browser refuses
 * to send anything else in a header, and nobody would be told that a key is missing.
 */
export const HEADERS = '{\n  "authorization": "Bearer hw_your_key"\n}';

/** Whatever the page tries, the browser asks no other host. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self' data: blob:",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves GraphiQL as one page that needs nothing but this server; subscriptions go over its WebSocket.
 * The page is large: it is made and compressed at the first request and kept.
 */
export function servePlayground(endpoint: string): RequestHandler {
  let page: Promise<Buffer> | null = null;
  return async (req, res) => {
    page ??= render(endpoint);
    const compressed = await page;
    res.set({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
      vary: "accept-encoding",
    });
    if (req.acceptsEncodings("gzip")) res.set("content-encoding", "gzip").send(compressed);
    else res.send(await expand(compressed));
  };
}

async function render(endpoint: string): Promise<Buffer> {
  // Loaded when first asked for: the text of the page is some nine megabytes of memory.
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const page = renderGraphiQL({
    title: "Headway",
    endpoint,
    subscriptionsProtocol: "WS",
    headers: HEADERS,
    defaultHeaders: HEADERS,
    // A key is not left behind in the browser.
    shouldPersistHeaders: false,
    defaultTabs: TABS.map(({ query, variables }) => ({ query, variables, headers: HEADERS })),
  });
  return compress(page);
}
