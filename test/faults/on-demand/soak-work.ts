import type { ApiClient } from "../../../src/cli/client.js";
import type { FaultRig } from "../rig.js";

/** How errors escape in the pipeline `escape`, each in a task of its own; the last of them does nothing wrong. */
const ESCAPES = [
  "a promise that nobody awaits",
  "a throw in a timer",
  "process.exit",
  "process.exit in a timer",
  "an error event without a listener",
  "a stack overflow",
  "a stack overflow in a timer",
  "no error",
];

const CREATE =
  "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }";
const ADD =
  "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }";

/** Submits a job whose handlers let errors escape; the rig's accounting leaves it out, for most of its tasks fail. */
export async function submitEscapes(rig: FaultRig, api: ApiClient): Promise<string> {
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(CREATE, {
    name: `escapes ${Math.random()}`,
  });
  const documents = ESCAPES.map((text) => ({ name: text, text }));
  await api.mutate(ADD, { input: { collectionId: collection.id, documents } });
  return rig.submit(api, collection.id, { pipeline: "escape" }, "scenery");
}

/** What of these jobs has not ended as its text says; a crash is nobody's who let an error escape. */
export async function wrongEscapes(rig: FaultRig, jobIds: readonly string[]): Promise<unknown[]> {
  const { rows } = await rig.db.query(
    `select document_name as name, status, error_code as code, change_reason as reason from headway.task
     where job_id = any ($1) and kind = 'DOCUMENT' and (status, coalesce(error_code, '')) is distinct from
       (case document_name when 'no error' then 'COMPLETED' else 'FAILED' end,
        case document_name when 'no error' then '' else 'HANDLER_ERROR' end)`,
    [jobIds],
  );
  return rows;
}

export const cancel = (api: ApiClient, job: string): Promise<unknown> =>
  api.query("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", { id: job });

/** What costs much, asked so often at once; returns those answers that are neither one nor SERVICE_BUSY. */
export async function askHungrily(
  at: { readonly url: string; readonly key: string },
  times: number,
): Promise<string[]> {
  const deep =
    "nodes { id status history(first: 100) { nodes { reason message } } tasks(first: 100) { nodes { id } } }";
  const doctors = Array.from({ length: 5 }, (_, n) => `d${n}: doctor(since: "1970-01-01T00:00:00Z") { detail }`);
  const queries = [
    `{ jobs(first: 50) { ${deep} } }`,
    `{ ${doctors.join(" ")} }`,
    "{ collections(first: 100) { nodes { documents(first: 100) { nodes { id name } } lastChange { reason } } } }",
    "{ jobs(filter: { stuck: true }) { nodes { id waitingOn { code } tasks(first: 40) { nodes { waitingOn { code } } } } } }",
  ];
  const answers = await Promise.all(
    Array.from({ length: times }, async (_, n) => {
      const response = await fetch(`${at.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${at.key}` },
        body: JSON.stringify({ query: queries[n % queries.length] }),
        signal: AbortSignal.timeout(60_000),
      });
      const said = `${response.status}: ${(await response.text()).slice(0, 300)}`;
      return [200, 503].includes(response.status) ? null : said;
    }),
  );
  return answers.filter((said) => said !== null);
}
