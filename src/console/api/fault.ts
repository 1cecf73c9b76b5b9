import type { CombinedError } from "urql";

/** What went wrong, for a person: a heading, what is wrong and what to do. */
export interface Fault {
  /** The API's word for it, such as FORBIDDEN; empty where the server did not answer. */
  readonly code: string;
  readonly title: string;
  readonly message: string;
  /** Whether asking again may help. */
  readonly mayPass: boolean;
}

const TITLES: Readonly<Record<string, string>> = {
  FORBIDDEN: "This key can't view this",
  RATE_LIMITED: "Too many requests",
  SERVICE_BUSY: "The server is busy",
  QUERY_TIMED_OUT: "The request took too long",
  RESPONSE_TOO_LARGE: "The response is too large",
  BAD_USER_INPUT: "The server rejected the request",
};

export function faultOf(error: CombinedError): Fault {
  if (error.networkError) {
    const message =
      "The server may be stopped, or the network may be down. This page shows the last known data and retries automatically.";
    return { code: "", title: "The server is not responding", message, mayPass: true };
  }
  const first = error.graphQLErrors[0];
  const code = (first?.extensions.code ?? "") as string;
  return {
    code,
    title: TITLES[code] ?? "Something went wrong",
    message: first?.message ?? error.message,
    mayPass: code !== "FORBIDDEN" && code !== "BAD_USER_INPUT",
  };
}
