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

/** Takes a link of make-key.mjs, or a new key for the same collection. False where it is neither. */
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
  return server && collectionId && key ? { server: server.replace(/\/+$/, ""), collectionId, key } : null;
}

function stored(): Session | null {
  return JSON.parse(localStorage.getItem(STORE) ?? "null") as Session | null;
}
