import { useSyncExternalStore } from "react";
import type { Role } from "../generated/operations.js";
import { BASE_PATH, here } from "./address.js";

/** Who has signed in. */
export interface Viewer {
  readonly name: string;
  readonly project: string;
  readonly role: Role;
}

/** Whether somebody has signed in; `note` says why not. */
export type SessionState =
  | { readonly phase: "checking" }
  | { readonly phase: "out"; readonly note: string; readonly hasKey: boolean }
  | { readonly phase: "in"; readonly key: string; readonly viewer: Viewer };

/** A key stays with this path of the origin: another server may be at another. */
const KEPT = `headway-key ${BASE_PATH}`;
/** What Explore keeps in this browser begins with this. */
export const EXPLORE_KEPT = `headway-explore ${BASE_PATH} `;
const UNREACHABLE = "The server is not responding. It may be stopped. Try again.";

let state: SessionState = { phase: "checking" };
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function useSession(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );
}

/** Takes the code out of the address before anything else can read it. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** Signs in by the code of a link, or by the key that this tab has kept. */
export async function beginSession(): Promise<void> {
  const code = takeCode();
  let note = "";
  if (code !== null) {
    const exchanged = await exchange(code);
    if ("key" in exchanged) sessionStorage.setItem(KEPT, exchanged.key);
    else note = exchanged.fault;
  }
  const key = sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT);
  if (key === null) return become({ phase: "out", note, hasKey: false });
  sessionStorage.setItem(KEPT, key);
  await enter(key);
}

/** Tries the key that is kept once more, after the server did not answer. */
export async function tryAgain(): Promise<void> {
  const key = sessionStorage.getItem(KEPT);
  if (key !== null) await enter(key);
}

/** Signs in with a key; it stays in this tab, and in this browser only where `keep` says so. */
export async function signInWith(key: string, keep: boolean): Promise<void> {
  const who = await whoIs(key);
  if (!("viewer" in who)) return become({ phase: "out", note: who.fault, hasKey: false });
  sessionStorage.setItem(KEPT, key);
  if (keep) localStorage.setItem(KEPT, key);
  become({ phase: "in", key, viewer: who.viewer });
}

/** Forgets the key, and what was written in Explore. `note` says why, where nobody asked for it: then the place is kept. */
export function signOut(note = ""): void {
  for (const storage of [sessionStorage, localStorage]) {
    storage.removeItem(KEPT);
    if (note !== "") continue;
    for (const name of Object.keys(storage)) if (name.startsWith(EXPLORE_KEPT)) storage.removeItem(name);
  }
  become({ phase: "out", note, hasKey: false });
}

async function enter(key: string): Promise<void> {
  const who = await whoIs(key);
  if ("viewer" in who) return become({ phase: "in", key, viewer: who.viewer });
  if (who.isOver) signOut(who.fault);
  else become({ phase: "out", note: who.fault, hasKey: true });
}

type Who = { readonly viewer: Viewer } | { readonly fault: string; readonly isOver: boolean };

async function whoIs(key: string): Promise<Who> {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return { fault: "An API key starts with hw_ and contains no spaces or accented letters.", isOver: true };
  }
  try {
    const answer = await post("graphql", { query: "{ viewer { name role project } }" }, key);
    const { data, errors } = (await answer.json()) as {
      data?: { viewer: Viewer };
      errors?: readonly { message: string }[];
    };
    if (data?.viewer) return { viewer: data.viewer };
    return { fault: errors?.[0]?.message ?? UNREACHABLE, isOver: answer.status === 401 };
  } catch {
    return { fault: UNREACHABLE, isOver: false };
  }
}

async function exchange(code: string): Promise<{ readonly key: string } | { readonly fault: string }> {
  try {
    const answer = await post("playground/session", { code });
    const { key, error } = (await answer.json()) as { key?: string; error?: { message: string } };
    return key === undefined ? { fault: error?.message ?? UNREACHABLE } : { key };
  } catch {
    return { fault: "The server is not responding. It may be stopped. Open the link again." };
  }
}

function post(path: string, body: unknown, key?: string): Promise<Response> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  return fetch(here(path), { method: "POST", headers, body: JSON.stringify(body) });
}
