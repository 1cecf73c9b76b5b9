import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** What every example sends: six that pass and one that fails at `validate`, because it has no bytes. */
export const DOCUMENTS = JSON.parse(readFileSync(new URL("documents.json", import.meta.url), "utf8"));

/** Small, so that seven documents and the collection task are three pages. */
export const PAGE_SIZE = 3;

const SETTLED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"];

/** Whether a status is one that a job ends in. */
export const isSettled = (status) => SETTLED.includes(status);

/**
 * What the command line says: `--url` of the server, `--key` (an OPERATOR's will do), `--pipeline` to submit to and
 * `--name` of the collection to make; what else is there are the operands. @throws when an option is unknown
 */
export function readSettings() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: "string", default: "http://127.0.0.1:4000" },
      key: { type: "string" },
      pipeline: { type: "string", default: "documents" },
      name: { type: "string", default: `letters ${new Date().toISOString()}` },
    },
  });
  const endpoint = new URL("/graphql", values.url).href;
  return {
    httpUrl: endpoint,
    socketUrl: endpoint.replace(/^http/, "ws"),
    /** As the header of a request, and as `connectionParams.authorization` of a socket; absent without a key. */
    key: values.key,
    authorization: values.key === undefined ? {} : { authorization: `Bearer ${values.key}` },
    pipeline: values.pipeline,
    name: values.name,
    operands: positionals,
  };
}

/** A mutation that was not done: the first of its userErrors. */
export class Refused extends Error {
  constructor({ code, message }) {
    super(`${code}: ${message}`);
  }
}

/** The payload, when the mutation was done. Look here first: a payload may hold an object beside its userErrors. @throws {Refused} */
export function done(payload) {
  const [first] = payload.userErrors;
  if (first) throw new Refused(first);
  return payload;
}

/** Prints what the example returns as one line of JSON, or what went wrong, on standard error, and ends with code 1. */
export async function runExample(client, example) {
  try {
    console.log(JSON.stringify({ client, ...(await example(readSettings())) }));
  } catch (error) {
    console.error(whatWentWrong(error));
    process.exitCode = 1;
  }
}

/**
 * In words. An operation over a socket is refused with a list of GraphQL errors, and a socket that is closed for good
 * gives its close event: neither is an Error.
 */
export function whatWentWrong(error) {
  if (error instanceof Error) return error.message;
  if (Array.isArray(error)) return error[0].message;
  return error?.code === undefined ? String(error) : `The socket was closed: ${error.code} ${error.reason}`;
}

/** A connection of tasks as the examples print it. */
export const rowsOf = ({ edges }) => edges.map(({ node }) => [node.documentName, node.status]);

/** A job's summary as the examples print it. */
export const summaryOf = ({ counts, errors }) => ({
  total: counts.total,
  completed: counts.completed,
  failed: counts.failed,
  errors: errors.map(({ code, stage, count }) => [code, stage, count]),
});
