import express, { type Express, type Request, type Response } from "express";
import { AccessDenied } from "../../errors.js";
import type { Principal } from "../../access/principal.js";
import type { SignIn } from "../../access/sign-in.js";
import { refuse } from "../refuse.js";

/** The console's screen for operations of one's own, where browsers that open /graphql are sent. */
export const EXPLORE_PATH = "/explore";

/** Its older address, which leads there; the exchange of links lies below it. */
export const PLAYGROUND_PATH = "/playground";

/** What signing in takes. */
export interface SignInDeps {
  /** Null where this server signs nobody in by a link. */
  readonly signIn: SignIn | null;
  /** The path of the page that links open. */
  readonly page: string;
  /** @throws {AccessDenied} */
  readonly authenticate: (authorization: unknown) => Promise<Principal>;
}

/** A code, or nothing at all. */
const MAX_BODY_BYTES = 1_000;

/** The path of a link that signs in at `page`. The code stands behind the "#", which no browser sends and no server logs. */
export function linkPath(page: string, code: string): string {
  return `${page}#code=${code}`;
}

/**
 * POST /playground/links makes a link for whoever shows a key of the whole project. POST /playground/session exchanges the
 * code of one, `{ "code": … }`, for `{ "key", "expiresAt" }`: only for a page of this server, opened by a loopback name, so
 * that neither another page nor a name that was made to lead here gets one. Both are 404 where there is no signing in.
 */
export function serveSignIn(app: Express, { signIn, page, authenticate }: SignInDeps): void {
  app.use(["/playground/links", "/playground/session"], (req, res, next) => {
    res.set({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    if (signIn === null)
      return refuse(res, 404, "NOT_FOUND", "This server creates no sign-in links; use a key instead.");
    if (req.method === "POST") return next();
    res.setHeader("allow", "POST");
    refuse(res, 405, "METHOD_NOT_ALLOWED", `${req.method} is not allowed here; use POST.`);
  });
  app.post("/playground/links", async (req, res) => {
    const { host = "" } = req.headers;
    if (!isLoopback(host)) {
      const message = `A sign-in link works only on the server's own machine, and this address is ${host.slice(0, 200)}. Run the command there, or use a key instead.`;
      return refuse(res, 403, "FORBIDDEN", message);
    }
    const { rootKeyId, projectId, role, name, scope } = await authenticate(req.headers.authorization);
    if (scope !== null) {
      throw new AccessDenied(
        "FORBIDDEN",
        `The key "${name}" is limited to a part of its project; a sign-in link needs a project key.`,
      );
    }
    // A session that was asked for by a session ends with the key of the first: a chain of them outlives no key.
    const grant = { projectId, role, createdBy: name, keyId: rootKeyId };
    res.json({ path: linkPath(page, signIn!.makeCode(grant)) });
  });
  app.post("/playground/session", express.json({ limit: MAX_BODY_BYTES }), async (req, res) => {
    if (!isOwnPage(req)) return foreign(res, req);
    const { code } = (req.body ?? {}) as { code?: unknown };
    const session = typeof code === "string" ? await signIn!.exchange(code) : null;
    if (session !== null) return void res.json(session);
    refuse(
      res,
      401,
      "CODE_OVER",
      'This link has been used, its ten minutes are over, or the key that asked for it is good no more. "npx headway-api open" prints another.',
    );
  });
}

/** Whether a host, with or without its port, is this machine by one of the names that browsers have for it. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}

/** Browsers say with every POST of which origin its page is. A proxy in front changes one of the two. */
function isOwnPage({ headers }: Request): boolean {
  const { host = "", origin, "sec-fetch-site": site = "same-origin" } = headers;
  return isLoopback(host) && origin?.toLowerCase() === `http://${host.toLowerCase()}` && site === "same-origin";
}

function foreign(res: Response, { headers: { host = "none", origin = "none" } }: Request): void {
  refuse(
    res,
    403,
    "FORBIDDEN",
    `A sign-in link can be used only by this server's own pages on this machine; host is ${host.slice(0, 200)}, origin ${origin.slice(0, 200)}.`,
  );
}
