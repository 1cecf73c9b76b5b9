// urql: Graphcache, pages by relayPagination, and an updater that brings each change of the subscription into the cache.
//   node examples/clients/urql.mjs --url http://127.0.0.1:4000 --key hw_…
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { buildSchema, introspectionFromSchema } from "graphql";
import { createClient } from "graphql-ws";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { DOCUMENTS, done, isSettled, PAGE_SIZE, rowsOf, runExample, summaryOf } from "./settings.mjs";

const CREATE = gql`
  mutation Create($input: CreateCollectionInput!) {
    createCollection(input: $input) {
      collection {
        id
        name
      }
      userErrors {
        code
        message
      }
    }
  }
`;
const ADD = gql`
  mutation Add($input: AddDocumentsInput!) {
    addDocuments(input: $input) {
      documents {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`;
const CURSOR = gql`
  query Cursor($collectionId: ID!) {
    streamCursor(collectionId: $collectionId)
  }
`;
const SUBMIT = gql`
  mutation Submit($input: SubmitJobInput!) {
    submitJob(input: $input) {
      job {
        id
        status
        version
      }
      userErrors {
        code
        message
      }
    }
  }
`;
const TASKS = gql`
  query Tasks($jobId: ID!, $first: Int!, $after: String) {
    job(id: $jobId) {
      id
      status
      version
      tasks(first: $first, after: $after) {
        edges {
          cursor
          node {
            id
            documentName
            status
            version
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`;
const CHANGES = gql`
  subscription Changes($jobId: ID!, $after: String) {
    statusChanges(jobId: $jobId, after: $after) {
      __typename
      ... on StatusChange {
        id
        entityType
        entityId
        toStatus
        version
      }
      ... on StreamGap {
        resumeAt
      }
    }
  }
`;
const SUMMARY = gql`
  query Summary($jobId: ID!) {
    job(id: $jobId) {
      id
      status
      version
      summary {
        durationMs
        counts {
          total
          completed
          failed
        }
        errors {
          code
          stage
          count
        }
      }
    }
  }
`;
const TASK_STATUS = gql`
  fragment TaskStatus on Task {
    id
    status
    version
  }
`;
const JOB_STATUS = gql`
  fragment JobStatus on Job {
    id
    status
    version
  }
`;

/** Brings a change into the cache, unless it is there already: after a reconnect, changes come again. */
function take(cache, { entityType, entityId, toStatus, version }) {
  const [__typename, fragment] = entityType === "TASK" ? ["Task", TASK_STATUS] : ["Job", JOB_STATUS];
  const known = cache.resolve({ __typename, id: entityId }, "version");
  // Null is a task that no page has brought so far; it will come with its status of then.
  if (known === null || known === undefined || known >= version) return false;
  cache.writeFragment(fragment, { __typename, id: entityId, status: toStatus, version });
  return true;
}

/** Graphcache has to know which types a union or an interface has; an app makes this file when it is built. */
const SCHEMA = introspectionFromSchema(
  buildSchema(readFileSync(new URL("../../schema/schema.graphql", import.meta.url), "utf8")),
);

/** What has no id is kept within what holds it; Graphcache wants to be told so, type by type. */
const WITHOUT_ID = Object.fromEntries(
  ["JobSummary", "TaskCounts", "ErrorGroup", "StreamGap"].map((typename) => [typename, () => null]),
);

/** Follows the job until it is settled. Null then; after a gap, the cursor from where to go on. */
function follow(client, jobId, after, onChange) {
  return new Promise((resolve, reject) => {
    const subscription = client.subscription(CHANGES, { jobId, after }).subscribe(({ data, error }) => {
      if (error) return reject(error);
      const event = data.statusChanges;
      const settled = event.entityType === "JOB" && isSettled(event.toStatus);
      if (event.__typename === "StatusChange") onChange();
      if (event.__typename === "StreamGap" || settled) {
        subscription.unsubscribe();
        resolve(event.resumeAt ?? null);
      }
    });
  });
}

await runExample("urql", async ({ httpUrl, socketUrl, authorization, pipeline, name }) => {
  const changes = { received: 0, applied: 0 };
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: authorization });
  const client = new Client({
    url: httpUrl,
    // urql sends short queries by GET, which Headway, guarding against forged requests, takes with extra headers only.
    preferGetMethod: false,
    fetchOptions: { headers: authorization },
    exchanges: [
      cacheExchange({
        schema: SCHEMA,
        keys: WITHOUT_ID,
        resolvers: { Job: { tasks: relayPagination() } },
        updates: {
          Subscription: {
            statusChanges({ statusChanges: event }, _args, cache) {
              if (event.__typename === "StatusChange" && take(cache, event)) changes.applied += 1;
            },
          },
        },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
  const dataOf = ({ data, error }) => {
    if (error) throw error;
    return data;
  };
  const mutate = async (mutation, input) => dataOf(await client.mutation(mutation, { input }));
  const read = async (query, variables, requestPolicy) =>
    dataOf(await client.query(query, variables, { requestPolicy }));

  const { collection } = done((await mutate(CREATE, { name })).createCollection);
  done((await mutate(ADD, { collectionId: collection.id, documents: DOCUMENTS })).addDocuments);
  // Taken before the submit, so that the stream from here has every change of the job, from its first.
  let after = (await read(CURSOR, { collectionId: collection.id }, "network-only")).streamCursor;
  const { job } = done((await mutate(SUBMIT, { collectionId: collection.id, pipeline })).submitJob);

  // A list on the screen: its first page is read once, everything else is brought by the stream.
  const list = { jobId: job.id, first: PAGE_SIZE };
  await read(TASKS, list);
  while (after !== null) {
    after = await follow(client, job.id, after, () => (changes.received += 1));
    // After a gap the list is read again, and the stream goes on from where that left it.
    if (after !== null) await read(TASKS, list, "network-only");
  }
  const live = dataOf(client.readQuery(TASKS, list)).job;

  const { summary } = (await read(SUMMARY, { jobId: job.id }, "network-only")).job;
  // Each page is asked for by a query of its own; relayPagination shows it joined to those before.
  let { tasks, status } = live;
  const pages = [tasks.edges.length];
  while (tasks.pageInfo.hasNextPage) {
    const before = tasks.edges.length;
    ({ tasks, status } = (await read(TASKS, { ...list, after: tasks.pageInfo.endCursor })).job);
    pages.push(tasks.edges.length - before);
  }
  const result = {
    collectionId: collection.id,
    jobId: job.id,
    status,
    changes,
    summary: summaryOf(summary),
    live: { status: live.status, tasks: rowsOf(live.tasks) },
    pages,
    tasks: rowsOf(tasks),
    cached: new Set(tasks.edges.map(({ node }) => node.id)).size,
  };
  await socket.dispose();
  return result;
});
