import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from "graphql";
import { useEffect, useState } from "react";
import { useApi } from "../api/api.js";

/** The schema as this server says it; or why it does not. */
export interface KnownSchema {
  readonly schema: GraphQLSchema | undefined;
  readonly fault: string | null;
}

const QUERY = getIntrospectionQuery({ descriptions: true });

/** Asks once, and again when the connection comes back: a server that was started anew may be another version. */
export function useSchema(): KnownSchema {
  const { post, connection } = useApi();
  const [known, setKnown] = useState<KnownSchema>({ schema: undefined, fault: null });
  useEffect(() => {
    let cut = new AbortController();
    const ask = async (): Promise<void> => {
      cut.abort();
      cut = new AbortController();
      const { signal } = cut;
      try {
        const answer = await post({ query: QUERY }, signal);
        const { data, errors } = (await answer.json()) as {
          data?: IntrospectionQuery;
          errors?: readonly { readonly message: string }[];
        };
        if (signal.aborted) return;
        if (data) setKnown({ schema: buildClientSchema(data), fault: null });
        else
          setKnown((old) => ({
            ...old,
            fault: errors?.[0]?.message ?? `The server returned status ${answer.status}.`,
          }));
      } catch {
        if (!signal.aborted) setKnown((old) => ({ ...old, fault: "The server is not responding." }));
      }
    };
    void ask();
    const unlisten = connection.onReturn(() => void ask());
    return () => {
      unlisten();
      cut.abort();
    };
  }, [post, connection]);
  return known;
}
