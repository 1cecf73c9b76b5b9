import type { AnyVariables, Client, TypedDocumentNode } from "urql";

/** What came of a mutation: its answer, or why nothing was done, in the server's own words. */
export type Sent<Data> =
  { readonly data: Data; readonly refusals: null } | { readonly data: null; readonly refusals: readonly Refusal[] };

/** One thing that the server says against a mutation. */
export interface Refusal {
  readonly message: string;
  /** Where in the arguments, such as "input.url"; empty where it is about the whole. */
  readonly path: string;
}

interface Answer {
  readonly userErrors?: readonly { readonly message: string; readonly path?: readonly string[] | null }[];
}

/** Sends a mutation that answers with userErrors. */
export async function send<Data extends object, Variables extends AnyVariables>(
  client: Client,
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Sent<Data>> {
  const { data, error } = await client.mutation(mutation, variables).toPromise();
  if (error) {
    const message = error.networkError
      ? "The server is not responding. The change may or may not have been made: check before you try again."
      : (error.graphQLErrors[0]?.message ?? error.message);
    return { data: null, refusals: [{ message, path: "" }] };
  }
  const errors = Object.values(data as Record<string, Answer | string>).flatMap((answer) =>
    typeof answer === "object" ? (answer.userErrors ?? []) : [],
  );
  if (errors.length === 0) return { data: data as Data, refusals: null };
  return { data: null, refusals: errors.map(({ message, path }) => ({ message, path: (path ?? []).join(".") })) };
}

/** What is said against one argument, such as "url"; undefined where nothing is. */
export function refusalOf(refusals: readonly Refusal[], name: string): string | undefined {
  const own = refusals.filter(({ path }) => path === `input.${name}` || path.startsWith(`input.${name}.`));
  return own.length > 0 ? own.map(({ message }) => message).join(" ") : undefined;
}

/** What is said against none of these arguments. */
export function otherRefusals(refusals: readonly Refusal[], names: readonly string[]): string | null {
  const others = refusals.filter(
    ({ path }) => !names.some((name) => path === `input.${name}` || path.startsWith(`input.${name}.`)),
  );
  return others.length > 0 ? others.map(({ message }) => message).join(" ") : null;
}
