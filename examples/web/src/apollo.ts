import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { isMutationOperation, isSubscriptionOperation } from "@apollo/client/utilities";
import { catchError, defer, map, retry, throwError } from "rxjs";
import { keyRefused, lost, socket, untilWorthAsking } from "./connection";
import type { ChangesSubscription } from "./operations";
import { getSession } from "./session";

/** What the server says when it has no time just now; nothing was done. */
const PASSING = ["RATE_LIMITED", "SERVICE_BUSY"];

/**
 * Asks again what was lost: queries and subscriptions whenever the connection breaks, and everything that came with a key
 * that is no longer good, once there is another. A mutation whose answer was lost may have been done, and is not repeated.
 */
const persistent = new ApolloLink((operation, forward) =>
  defer(() => {
    const { key } = getSession()!;
    operation.setContext({ headers: { authorization: `Bearer ${key}` } });
    return forward(operation).pipe(
      map((result) => {
        if (result.errors?.length) throw new CombinedGraphQLErrors(result);
        return result;
      }),
      catchError((error: unknown) => {
        const code = codeOf(error);
        if (code === "UNAUTHENTICATED") keyRefused(key);
        // Of a subscription the socket itself tells.
        if (code === null && !isSubscriptionOperation(operation.query)) lost();
        throw error;
      }),
    );
  }).pipe(
    retry({
      resetOnSuccess: true,
      delay: (error: unknown, failures) => {
        const code = codeOf(error);
        const isSafe = code === null || PASSING.includes(code) ? !isMutationOperation(operation.query) : false;
        return isSafe || code === "UNAUTHENTICATED" ? untilWorthAsking(failures) : throwError(() => error);
      },
    }),
  ),
);

/** After a break a stream goes on behind the last change that came: none is missing, none comes twice. */
const resuming = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) => {
      const event = (result.data as Partial<ChangesSubscription> | null | undefined)?.statusChanges;
      const after = event?.__typename === "StatusChange" ? event.cursor : event?.resumeAt;
      if (after !== undefined) operation.variables = { ...operation.variables, after };
      return result;
    }),
  ),
);

export const client = new ApolloClient({
  link: ApolloLink.from([
    persistent,
    ApolloLink.split(
      ({ query }) => isSubscriptionOperation(query),
      resuming.concat(new GraphQLWsLink(socket)),
      new HttpLink({ uri: () => `${getSession()!.server}/graphql` }),
    ),
  ]),
  cache: new InMemoryCache(),
});

/** Each field that was refused has an error of its own, often the same. */
export function messageOf(error: Error): string {
  return (CombinedGraphQLErrors.is(error) ? error.errors[0]?.message : undefined) ?? error.message;
}

/** The API's word for what went wrong; null where the connection broke, or a server that is stopping has answered. */
export function codeOf(error: unknown): string | null {
  if (CombinedGraphQLErrors.is(error)) {
    const code = error.errors[0]?.extensions?.code;
    return typeof code === "string" ? code : "GRAPHQL_ERROR";
  }
  if (ServerError.is(error) && error.statusCode < 500) return `HTTP_${error.statusCode}`;
  return null;
}
