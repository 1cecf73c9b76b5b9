import cors from "cors";
import type { RequestHandler } from "express";
import type { IncomingHttpHeaders } from "node:http";

/** Where pages of other origins may ask: what wants a key, and nothing else. */
export const SHARED_PATHS = ["/graphql", "/uploads", "/artifacts", "/originals", "/outputs"];

/** What a page may read of an answer beside its body. */
const EXPOSED = [
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Range",
  "ETag",
  "Retry-After",
  "Tus-Resumable",
  "Upload-Length",
  "Upload-Offset",
];

/** How long a browser need not ask again; the longest that Chromium keeps. */
const PREFLIGHT_SECONDS = 7_200;

/**
 * Lets pages of other origins ask at SHARED_PATHS and read the answers, refusals too. A key is never sent by a browser on
 * its own, so a page can do no more than whoever gave it one: credentials are not allowed, and nothing is said of private
 * networks. A preflight comes without a key, and is answered without one.
 * @param allowed origins such as "https://app.example.com"; null: any
 */
export function sharedWith(allowed: readonly string[] | null): RequestHandler {
  return cors({
    origin: allowed === null ? "*" : [...allowed],
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH"],
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
    optionsSuccessStatus: 204,
  });
}

/** Whether a socket with these headers is welcome: what is no page names no origin, and pages of this server always are. */
export function mayConnect(allowed: readonly string[] | null, headers: IncomingHttpHeaders): boolean {
  const { origin, host, "x-forwarded-host": forwardedHost } = headers;
  if (allowed === null || origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && [host, forwardedHost].includes(new URL(origin).host);
}
