import type { Express, Request, Response } from "express";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { EXPLORE_PATH, PLAYGROUND_PATH } from "../playground/sign-in.js";
import { refuse } from "../refuse.js";

const compress = promisify(gzip);

/** Where `npm run build` puts the console. */
const BUILT = fileURLToPath(new URL("../../../console/", import.meta.url));

/** The addresses of the console's screens. Each is answered with the same page, which shows what its address says. */
const SCREENS = ["/", "/jobs", "/jobs/:id", "/tasks/:id", "/collections", "/collections/:id"];
const WORK_SCREENS = ["/workers", "/workers/:id", "/pipelines", "/pipelines/:name"];
const OPERATIONS_SCREENS = [
  "/operations",
  "/operations/keys",
  "/operations/webhooks",
  "/operations/webhooks/:id",
  "/operations/expiry",
];

/** They are there where the console is switched off, too. */
const EXPLORE_SCREENS = [EXPLORE_PATH, PLAYGROUND_PATH];
const ALL_SCREENS = [...SCREENS, ...WORK_SCREENS, ...OPERATIONS_SCREENS, ...EXPLORE_SCREENS];

/** Tells the page that it is Explore and nothing else. */
const EXPLORE_ALONE = '<meta name="headway-screens" content="explore">';

/** The folder of the console's scripts and styles, here and in the build. Their names change with their content. */
const FILES = "console";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the build, as it is sent. */
interface BuiltFile {
  readonly type: string;
  readonly body: Buffer;
  readonly compressed: Buffer;
}
interface Build {
  readonly page: string;
  readonly files: ReadonlyMap<string, BuiltFile>;
}

/**
 * Serves the console: a page, its scripts and its styles, read at the first request and kept in memory. The page finds
 * everything beside its own address, so it works below any path. It holds no secret: it asks for a key, or takes the
 * code of a link.
 * @param isWhole false: Explore alone is served
 */
export function serveConsole(app: Express, { isWhole }: { readonly isWhole: boolean }): void {
  let build: Promise<Build | null> | null = null;
  // A build that is not there yet is looked for again: whoever runs `npm run build` need not start the server anew.
  const built = async (): Promise<Build | null> => {
    const found = await (build ??= readBuild());
    if (found === null) build = null;
    return found;
  };
  app.get(isWhole ? ALL_SCREENS : EXPLORE_SCREENS, async (req, res) => {
    const found = await built();
    if (found === null) return notBuilt(res);
    sendPage(req, res, { page: found.page, isWhole });
  });
  app.get(`/${FILES}/:name`, async (req, res, next) => {
    const file = (await built())?.files.get(req.params.name);
    if (file === undefined) return next();
    res.set({
      "content-type": file.type,
      "cache-control": "public, max-age=31536000, immutable",
      vary: "accept-encoding",
    });
    if (req.acceptsEncodings("gzip")) res.set("content-encoding", "gzip").send(file.compressed);
    else res.send(file.body);
  });
}

/**
 * The page with the address that everything in it is relative to: the console's start page, whatever a proxy has put
 * before the path. Styles that its components write at run time carry the nonce of this answer, so it is not kept.
 */
function sendPage(req: Request, res: Response, { page, isWhole }: { page: string; isWhole: boolean }): void {
  const nonce = randomBytes(16).toString("base64");
  const depth = req.originalUrl.split("?", 1)[0]!.split("/").length - 2;
  res.set({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policyWith(nonce),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  res.send(
    page.replace(
      "<head>",
      `<head><base href="${"../".repeat(depth) || "./"}"><meta property="csp-nonce" nonce="${nonce}">${isWhole ? "" : EXPLORE_ALONE}`,
    ),
  );
}

/** No script in the page, and no other host. */
function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function notBuilt(res: Response): void {
  refuse(res, 503, "NOT_BUILT", `The console is not built: there is no page in ${BUILT}. Run "npm run build".`);
}

/** Null where nothing is built. */
async function readBuild(): Promise<Build | null> {
  try {
    const page = await readFile(path.join(BUILT, "index.html"), "utf8");
    const names = await readdir(path.join(BUILT, FILES));
    const files = await Promise.all(names.map(async (name) => [name, await readBuilt(name)] as const));
    return { page, files: new Map(files) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function readBuilt(name: string): Promise<BuiltFile> {
  const body = await readFile(path.join(BUILT, FILES, name));
  const type = TYPES[path.extname(name)] ?? "application/octet-stream";
  return { type, body, compressed: await compress(body) };
}
