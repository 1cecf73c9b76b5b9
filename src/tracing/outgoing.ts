import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** What Node's fetch tells of a request that it is about to send. */
interface Created {
  readonly request: {
    addHeader(name: string, value: string): void;
    /** Names and values by turns, or all in one text. */
    readonly headers?: readonly unknown[] | string;
  };
}

const CREATED = "undici:request:create";

/**
 * Gives every request of fetch the traceparent of the code that sends it, unless it has one. Returns how to end that. Other
 * clients of HTTP don't ask; a handler gives them `ctx.traceparent`.
 */
export function carryInFetch(traceparent: () => string | null): () => void {
  const onCreated = (message: unknown): void => {
    const { request } = message as Created;
    const value = traceparent();
    if (value !== null && !/traceparent/i.test(request.headers?.toString() ?? ""))
      request.addHeader("traceparent", value);
  };
  subscribe(CREATED, onCreated);
  return () => void unsubscribe(CREATED, onCreated);
}
