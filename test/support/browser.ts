import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { chromium, type Browser } from "playwright-core";
import { ROOT } from "./root.js";

/** A Chromium without a window. `npm test` finds or installs one and says where it is. */
export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.HEADWAY_TEST_CHROMIUM;
  if (!executablePath) throw new Error("HEADWAY_TEST_CHROMIUM is not set; run the tests with npm test.");
  // As root, and in most containers, Chromium has no sandbox of its own to go into; it opens our own pages alone.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A web app's origin. */
export interface Site {
  readonly url: string;
  close(): void;
}

/** Serves one page with the script of test/server/pages, at an origin of its own. */
export async function startSite(script: string): Promise<Site> {
  const code = await readFile(path.join(ROOT, "test", "server", "pages", script), "utf8");
  const http = createServer((_req, res) => {
    res.setHeader("content-type", "text/html; charset=utf-8");
    res.end(`<!doctype html><title>A web app</title><script>${code}</script>`);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}
