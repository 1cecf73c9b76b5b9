import { useSyncExternalStore } from "react";

/** Where the server is, which collection this page shows, and the key that opens it. */
export interface Session {
  readonly server: string;
  readonly collectionId: string;
  readonly key: string;
}

// In localStorage, and not in sessionStorage: a new key that is given to one tab reaches the others. It opens one
// collection, for minutes.
const STORE = "headway-web";
// Anybody can make a link. What it brings here, keys and files, goes to these servers alone.
const SERVERS = ((import.meta.env.VITE_HEADWAY_SERVERS as string | undefined) ?? "http://127.0.0.1:4000")
  .split(/[\s,]+/)
  .map(withoutSlash);
const listeners = new Set<() => void>();
let current = fromLink(location.href) ?? stored();

if (location.hash !== "") {
  if (current !== null) localStorage.setItem(STORE, JSON.stringify(current));
  // The key must not stay in the address, which ends up in histories and screenshots.
  history.replaceState(null, "", location.pathname + location.search);
}

addEventListener("storage", ({ key }) => {
  if (key === STORE) become(stored());
});

export function getSession(): Session | null {
  return current;
}

export function useSession(): Session | null {
  return useSyncExternalStore(onSession, getSession);
}

/** Calls `listener` after each change, also when it was made in another tab. Returns what ends that. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Takes a link of make-key.mjs, or a new key for the same collection. False where it is neither, or of a server that this page does not know. */
export function takeKey(text: string): boolean {
  const isKey = /^hw_[\w-]+$/.test(text);
  const next = isKey && current !== null ? { ...current, key: text } : fromLink(text);
  if (next === null) return false;
  localStorage.setItem(STORE, JSON.stringify(next));
  become(next);
  return true;
}

function become(session: Session | null): void {
  current = session;
  for (const listener of listeners) listener();
}

function fromLink(link: string): Session | null {
  const said = new URLSearchParams(link.split("#")[1] ?? "");
  const [server, collectionId, key] = ["server", "collection", "key"].map((name) => said.get(name));
  return sessionOf({ server, collectionId, key });
}

/** What another version of this page has stored, or somebody by hand, is no session. */
function stored(): Session | null {
  try {
    return sessionOf(JSON.parse(localStorage.getItem(STORE) ?? "null"));
  } catch {
    return null;
  }
}

function sessionOf(said: unknown): Session | null {
  const { server, collectionId, key } = (said ?? {}) as Record<string, unknown>;
  if (typeof server !== "string" || typeof collectionId !== "string" || typeof key !== "string") return null;
  const known = withoutSlash(server);
  return SERVERS.includes(known) && collectionId !== "" && key !== "" ? { server: known, collectionId, key } : null;
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}
