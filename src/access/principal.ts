import { permissionsOf, type KeyRing, type KeyRow, type KeyScope } from "./keys.js";
import { addressQuery, type SignedObject } from "./signed-address.js";
import { AccessDenied } from "../errors.js";
import { isAtLeast, type BrowserPermission, type Role } from "../lifecycle/roles.js";

/** Who asks: what the key says that came with the request. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly projectId: string;
  readonly project: string;
  readonly scope: KeyScope | null;
  /** The key that its requests count against: a browser's are its maker's. */
  readonly countsAs: string;
  /** Itself, or the key that it was made by and ends with. */
  readonly rootKeyId: string;
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
    throw new AccessDenied("UNAUTHENTICATED", "This key is unknown, revoked or expired. Use another key.");
  }
  return principalOf(key);
}

/**
 * The principal whose key has signed the address for doing this, by what stands behind its question mark.
 * @throws {AccessDenied} FORBIDDEN when it is no such address, or no longer good
 */
export async function authenticateAddress(
  keys: KeyRing,
  what: SignedObject,
  query: Readonly<Record<string, unknown>>,
): Promise<Principal> {
  const address = addressQuery(query);
  const key = address && (await keys.verifyAddress(what, address));
  if (key) return principalOf(key);
  throw new AccessDenied(
    "FORBIDDEN",
    "This signed URL has expired, was changed, or its key is no longer valid. Request a new one.",
  );
}

function principalOf({ id: keyId, name, role, projectId, project, scope, madeBy }: KeyRow): Principal {
  return {
    keyId,
    name,
    role,
    projectId,
    project,
    scope,
    countsAs: scope === null ? keyId : (madeBy ?? keyId),
    rootKeyId: madeBy ?? keyId,
  };
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

/** What a key of one collection or job needs for a mutation; what is not here no such key may do. */
export const MUTATION_PERMISSIONS: Readonly<Partial<Record<string, BrowserPermission>>> = {
  createUploads: "UPLOAD",
  addDocuments: "UPLOAD",
  submitJob: "SUBMIT",
  cancelJob: "CANCEL",
  cancelTask: "CANCEL",
  retryJob: "RETRY",
  retryTask: "RETRY",
};

/** Whether the principal may do this to what it sees; one of the whole project may what its role allows. */
export function isPermitted({ scope }: Pick<Principal, "scope">, needed: BrowserPermission): boolean {
  return scope === null || permissionsOf(scope).includes(needed);
}

/** Why the principal may not do what needs this role; null when it may. A key of one collection or job has none but VIEWER. */
export function whyNotAllowed({ name, role, scope }: Principal, least: Role): string | null {
  if (scope !== null && least !== "VIEWER") {
    return `The key "${name}" is limited to one ${partOf(scope)}; this needs a project key with the role ${least}.`;
  }
  return isAtLeast(role, least) ? null : `The key "${name}" has the role ${role}; this needs ${least}.`;
}

/** Why the principal may not call this mutation at all; null when it may. */
export function whyNotMutate(principal: Principal, mutation: string): string | null {
  const needed = MUTATION_PERMISSIONS[mutation];
  if (principal.scope === null || needed === undefined) return whyNotAllowed(principal, MUTATION_ROLES[mutation]!);
  return isPermitted(principal, needed) ? null : lacks(principal, principal.scope, needed);
}

/** Whether the principal may see what stages say of themselves: their logs, stacks and outputs. No key made for a browser may. */
export function isOperator({ role, scope }: Principal): boolean {
  return scope === null && isAtLeast(role, "OPERATOR");
}

/** @throws {AccessDenied} FORBIDDEN where it may not */
export function requireOperator(principal: Principal): void {
  if (isOperator(principal)) return;
  throw new AccessDenied(
    "FORBIDDEN",
    `Stage logs need a project key with the role OPERATOR or ADMIN; "${principal.name}" is not one.`,
  );
}

/** @throws {AccessDenied} FORBIDDEN where the principal's role is smaller than `least`, or its key is for one part only */
export function requireRole(principal: Principal, least: Role): void {
  refuseIf(whyNotAllowed(principal, least));
}

/** @throws {AccessDenied} FORBIDDEN where the principal may not call this mutation */
export function requireMutation(principal: Principal, mutation: string): void {
  refuseIf(whyNotMutate(principal, mutation));
}

/** @throws {AccessDenied} FORBIDDEN where the key has been made without READ; `what` begins the message */
export function requireRead(principal: Principal, what = ""): void {
  const { scope } = principal;
  if (scope !== null && !isPermitted(principal, "READ")) refuseIf(`${what}${lacks(principal, scope, "READ")}`);
}

function lacks({ name }: Principal, scope: KeyScope, needed: BrowserPermission): string {
  const given = permissionsOf(scope).join(", ");
  return `The key "${name}" is limited to one ${partOf(scope)} with ${given}; this needs ${needed}.`;
}

function partOf({ jobId }: KeyScope): "collection" | "job" {
  return jobId === null ? "collection" : "job";
}

function refuseIf(why: string | null): void {
  if (why !== null) throw new AccessDenied("FORBIDDEN", why);
}
