import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";
import { ApiClient } from "../../src/cli/client.js";
import { openBrowser } from "../support/browser.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { freePort } from "../support/redis.js";
import { PATIENCE_MS } from "../support/until.js";

const run = promisify(execFile);
const EXAMPLE = path.join(ROOT, "examples", "web");
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** The web app as it is built and served, at an origin of its own, beside a Headway that can be killed and started again. */
export class WebWorld {
  readonly origin: string;
  readonly database: TestDatabase;
  readonly #folder: string;
  readonly #settings: Record<string, string>;
  readonly #site: Server;
  readonly #browser: Browser;
  #headway: HeadwayProcess;

  private constructor(parts: {
    readonly database: TestDatabase;
    readonly folder: string;
    readonly settings: Record<string, string>;
    readonly site: Server;
    readonly browser: Browser;
    readonly headway: HeadwayProcess;
  }) {
    this.database = parts.database;
    this.#folder = parts.folder;
    this.#settings = parts.settings;
    this.#site = parts.site;
    this.#browser = parts.browser;
    this.#headway = parts.headway;
    this.origin = `http://127.0.0.1:${(parts.site.address() as AddressInfo).port}/`;
  }

  static async begins(): Promise<WebWorld> {
    // Below the project, so that what lies here finds its packages.
    const folder = await mkdtemp(path.join(ROOT, "dist", "web-"));
    const site = createServer((req, res) => {
      const file = req.url === "/" ? "index.html" : path.normalize(req.url!);
      void readFile(path.join(folder, "site", file)).then(
        (text) => res.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream").end(text),
        () => res.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const port = String(await freePort());
    await built(folder, `http://127.0.0.1:${port}`);
    await copyFile(path.join(EXAMPLE, "make-key.mjs"), path.join(folder, "make-key.mjs"));
    const database = await createTestDatabase();
    const settings = {
      DATABASE_URL: database.url,
      HEADWAY_DATA_DIR: path.join(folder, "data"),
      HEADWAY_PORT: port,
      HEADWAY_WORKER_PROCESSES: "0",
      // What the server holds that dies is given back this soon.
      HEADWAY_LEASE_MS: "5000",
      HEADWAY_HEARTBEAT_MS: "500",
      HEADWAY_SWEEP_MS: "200",
    };
    const headway = await startHeadway(settings);
    return new WebWorld({ database, folder, settings, site, browser: await openBrowser(), headway });
  }

  /** The link that make-key.mjs prints, for a collection of this name. */
  async link(collection: string): Promise<string> {
    const { url, key } = this.#headway;
    const args = ["--url", url, "--key", key, "--collection", collection, "--page", this.origin];
    const script = path.join(this.#folder, "make-key.mjs");
    return (await run(process.execPath, [script, ...args], { cwd: this.#folder })).stdout.trim();
  }

  async opensBrowser(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }

  /** A question of an ADMIN, past the page. */
  async asks<T = Record<string, any>>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const api = new ApiClient(this.#headway.url, this.#headway.key);
    try {
      return await api.query<T>(query, variables);
    } finally {
      await api.close();
    }
  }

  kills(): Promise<void> {
    return this.#headway.kill();
  }

  async starts(): Promise<void> {
    this.#headway = await startHeadway(this.#settings);
  }

  async ends(): Promise<void> {
    await this.#browser.close();
    this.#site.close();
    this.#site.closeAllConnections();
    await this.#headway.kill();
    await this.database.drop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Builds the page for one server, with the example's own settings, and the client of this build where an install would bring it. */
async function built(folder: string, server: string): Promise<void> {
  const config = path.join(folder, "vite.config.mjs");
  const clientFile = path.join(ROOT, "dist", "src", "client.js");
  await writeFile(
    config,
    `import settings from ${JSON.stringify(path.join(EXAMPLE, "vite.config.ts"))};
    export default { ...settings, logLevel: "warn",
      resolve: { ...settings.resolve, alias: { "headway-api/client": ${JSON.stringify(clientFile)} } },
      build: { outDir: ${JSON.stringify(path.join(folder, "site"))} } };`,
  );
  const vite = path.join(ROOT, "node_modules", "vite", "bin", "vite.js");
  await run(process.execPath, [vite, "build", EXAMPLE, "--config", config, "--emptyOutDir"], {
    env: { ...process.env, VITE_HEADWAY_SERVERS: server },
  });
}
