import { cacheExchange } from "@urql/exchange-graphcache";
import { createContext, use, useEffect, useMemo, type ReactNode } from "react";
import type { HeadwayClient } from "../../client.js";
import { Client, fetchExchange, Provider, subscriptionExchange } from "urql";
import { KEYLESS } from "../generated/meanings.js";
import { here } from "../session/address.js";
import { signOut, type Viewer } from "../session/session.js";
import { Connection } from "./connection.js";
import { freshExchange } from "./fresh.js";

/** What every screen asks and follows with. */
export interface Api {
  readonly client: Client;
  readonly connection: Connection;
  readonly viewer: Viewer;
  /** Sends a GraphQL request as it is, past the cache. @throws where the server does not answer */
  readonly post: (body: object, signal: AbortSignal) => Promise<Response>;
  /** Of `headway-api/client`, loaded at the first call: it sends files. */
  readonly files: () => Promise<HeadwayClient>;
  /** Aborted once it is closed. */
  readonly closed: AbortSignal;
  /** Ends all that is under way; nothing can be asked after it. */
  readonly close: () => void;
}

const OVER = "This API key has expired or was revoked. Sign in with another key to return to this page.";

const ApiContext = createContext<Api | null>(null);

/** @throws outside of ApiProvider */
export function useApi(): Api {
  const api = use(ApiContext);
  if (api === null) throw new Error("useApi is called outside of ApiProvider.");
  return api;
}

interface ApiProps {
  readonly apiKey: string;
  readonly viewer: Viewer;
  readonly children: ReactNode;
}

/** One client and one socket for a key; another key gets others, with an empty cache. */
export function ApiProvider({ apiKey, viewer, children }: ApiProps) {
  const api = useMemo(() => makeApi(apiKey, viewer), [apiKey, viewer]);
  useEffect(() => () => api.close(), [api]);
  return (
    <ApiContext value={api}>
      <Provider value={api.client}>{children}</Provider>
    </ApiContext>
  );
}

function makeApi(key: string, viewer: Viewer): Api {
  const connection = new Connection(key, () => signOut(OVER));
  const keys = Object.fromEntries(KEYLESS.map((type) => [type, () => null]));
  const client = new Client({
    url: here("graphql"),
    preferGetMethod: false,
    exchanges: [
      cacheExchange({ keys: { ...keys, Pipeline: ({ name }) => name as string } }),
      freshExchange(),
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: connection.client.subscribe(
              { query, variables: variables ?? {} },
              {
                next: (value) => sink.next(value as Parameters<typeof sink.next>[0]),
                error: (error) => sink.error(error),
                complete: () => sink.complete(),
              },
            ),
          }),
        }),
      }),
      fetchExchange,
    ],
    fetchOptions: { headers: { authorization: `Bearer ${key}` } },
    fetch: ask,
  });
  const post: Api["post"] = (body, signal) =>
    ask(here("graphql"), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      signal,
    });
  let sender: Promise<HeadwayClient> | undefined;
  const files = (): Promise<HeadwayClient> =>
    (sender ??= import("../../client.js").then(
      ({ createClient }) => createClient({ url: here(""), key }),
      (error: unknown) => {
        // The next call loads it again.
        sender = undefined;
        throw error;
      },
    ));
  const closing = new AbortController();
  const close = (): void => {
    closing.abort();
    connection.close();
    void sender?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  };
  return { client, connection, viewer, post, files, closed: closing.signal, close };
}

/** As fetch; it signs out whose key is no longer good. */
const ask: typeof fetch = async (...request) => {
  const answer = await fetch(...request);
  if (answer.status === 401) signOut(OVER);
  return answer;
};
