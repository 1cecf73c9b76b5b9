import type { KeyRing, KeyRow, KeyScope } from "./keys.js";
import { addressQuery } from "./signed-address.js";
import { AccessDenied } from "../errors.js";
import { isAtLeast, type Role } from "../lifecycle/roles.js";

/** Who asks: what the key says that came with the request. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly projectId: string;
  readonly project: string;
  readonly scope: KeyScope | null;
}

/**
 * The principal behind an `Authorization: Bearer hw_…` value, however it came: a header, or a socket's connectionParams.
 * @throws {AccessDenied} UNAUTHENTICATED when there is none, or its key is unknown, revoked or expired
 */
export async function authenticate(keys: KeyRing, authorization: unknown): Promise<Principal> {
  const [, text] = typeof authorization === "string" ? (/^Bearer +(\S+) *$/i.exec(authorization) ?? []) : [];
  if (text === undefined) {
    throw new AccessDenied(
      "UNAUTHENTICATED",
      'A key is needed: send "Authorization: Bearer hw_…". "npx headway-api keys create --name N --role OPERATOR" makes one.',
    );
  }
  const key = await keys.verify(text);
  if (key === null) {
    throw new AccessDenied("UNAUTHENTICATED", "This key is unknown, revoked or expired; ask for another one.");
  }
  return principalOf(key);
}

/**
 * The principal whose key has signed the address of this object, by what stands behind its question mark.
 * @throws {AccessDenied} FORBIDDEN when it is no such address, or no longer good
 */
export async function authenticateAddress(
  keys: KeyRing,
  object: string,
  query: Readonly<Record<string, unknown>>,
): Promise<Principal> {
  const address = addressQuery(query);
  const key = address && (await keys.verifyAddress(object, address));
  if (key) return principalOf(key);
  throw new AccessDenied(
    "FORBIDDEN",
    "This address has expired, its key is no longer good, or it is not as it was given; ask for another one.",
  );
}

function principalOf({ id: keyId, name, role, projectId, project, scope }: KeyRow): Principal {
  return { keyId, name, role, projectId, project, scope };
}

/** The least role for each mutation; a mutation that is not here can't be built. Reading needs VIEWER. */
export const MUTATION_ROLES: Readonly<Record<string, Role>> = {
  createCollection: "OPERATOR",
  updateCollection: "OPERATOR",
  addDocuments: "OPERATOR",
  createUploads: "OPERATOR",
  removeDocuments: "OPERATOR",
  submitJob: "OPERATOR",
  retryJob: "OPERATOR",
  retryTask: "OPERATOR",
  cancelJob: "OPERATOR",
  cancelTask: "OPERATOR",
  createBrowserKey: "OPERATOR",
  acknowledge: "OPERATOR",
  deleteCollection: "ADMIN",
  createKey: "ADMIN",
  revokeKey: "ADMIN",
  createWebhook: "ADMIN",
  updateWebhook: "ADMIN",
  rotateWebhookSecret: "ADMIN",
  deleteWebhook: "ADMIN",
  redeliverWebhook: "ADMIN",
  bulkJobs: "ADMIN",
  pausePipeline: "ADMIN",
  resumePipeline: "ADMIN",
  repair: "ADMIN",
};

/** Why the principal may not do what needs this role; null when it may. A key of one collection or job only reads. */
export function whyNotAllowed({ name, role, scope }: Principal, least: Role): string | null {
  if (scope !== null && least !== "VIEWER") {
    const part = scope.jobId === null ? "collection" : "job";
    return `The key "${name}" reads one ${part} and changes nothing; a key of the project with the role ${least} is needed.`;
  }
  return isAtLeast(role, least) ? null : `The key "${name}" has the role ${role}; ${least} is needed.`;
}

/** @throws {AccessDenied} FORBIDDEN where the principal's role is smaller than `least`, or its key reads one part only */
export function requireRole(principal: Principal, least: Role): void {
  const why = whyNotAllowed(principal, least);
  if (why !== null) throw new AccessDenied("FORBIDDEN", why);
}
