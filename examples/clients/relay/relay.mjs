// Relay without React: what hooks do in an app, done by hand. The generated files are made from operations.js by
//   cd examples/clients/relay && npx relay-compiler
// and used by
//   node examples/clients/relay/relay.mjs --url http://127.0.0.1:4000 --key hw_…
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws";
import { DOCUMENTS, done, isSettled, PAGE_SIZE, rowsOf, runExample, summaryOf } from "../settings.mjs";
import ADD from "./__generated__/operationsAddMutation.graphql.js";
import CHANGES from "./__generated__/operationsChangesSubscription.graphql.js";
import CREATE from "./__generated__/operationsCreateMutation.graphql.js";
import CURSOR from "./__generated__/operationsCursorQuery.graphql.js";
import MORE_TASKS from "./__generated__/operationsMoreTasksQuery.graphql.js";
import SUBMIT from "./__generated__/operationsSubmitMutation.graphql.js";
import SUMMARY from "./__generated__/operationsSummaryQuery.graphql.js";
import TASKS from "./__generated__/operationsTasksQuery.graphql.js";
import TASKS_OF_JOB from "./__generated__/operations_tasks.graphql.js";

const { commitMutation, createOperationDescriptor, fetchQuery, getSingularSelector, requestSubscription } = relay;
const { Environment, Network, Observable, RecordSource, Store } = relay;

function createEnvironment(httpUrl, authorization, socket) {
  const fetchOperation = async ({ text }, variables) => {
    const response = await fetch(httpUrl, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  };
  const subscribe = ({ text }, variables) =>
    Observable.create((sink) => socket.subscribe({ query: text, variables }, sink));
  return new Environment({ network: Network.create(fetchOperation, subscribe), store: new Store(new RecordSource()) });
}

function mutate(environment, mutation, input) {
  return new Promise((resolve, reject) => {
    commitMutation(environment, { mutation, variables: { input }, onCompleted: resolve, onError: reject });
  });
}

const read = (environment, query, variables) => fetchQuery(environment, query, variables).toPromise();

/**
 * Brings the change that has just come into the store. Ids are unique over all types, so `entityId` is all it takes. False when
 * it was there already, as after a reconnect, or is about a task that no page has brought so far.
 */
function take(store) {
  const event = store.getRootField("statusChanges");
  const entity = store.get(event.getValue("entityId"));
  const version = event.getValue("version");
  if (!entity || entity.getValue("version") >= version) return false;
  entity.setValue(event.getValue("toStatus"), "status").setValue(version, "version");
  return true;
}

/** Follows the job until it is settled. Null then; after a gap, the cursor from where to go on. */
function follow(environment, jobId, after, changes) {
  return new Promise((resolve, reject) => {
    const subscription = requestSubscription(environment, {
      subscription: CHANGES,
      variables: { jobId, after },
      updater(store, { statusChanges: event }) {
        if (event.__typename !== "StatusChange") return;
        changes.received += 1;
        if (take(store)) changes.applied += 1;
      },
      onNext({ statusChanges: event }) {
        const settled = event.entityType === "JOB" && isSettled(event.toStatus);
        if (event.__typename !== "StreamGap" && !settled) return;
        subscription.dispose();
        resolve(event.resumeAt ?? null);
      },
      onError: reject,
      onCompleted: () => reject(new Error("The stream ended before the job did.")),
    });
  });
}

await runExample("relay", async ({ httpUrl, socketUrl, authorization, pipeline, name }) => {
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: authorization });
  const environment = createEnvironment(httpUrl, authorization, socket);

  const { collection } = done((await mutate(environment, CREATE, { name })).createCollection);
  done((await mutate(environment, ADD, { collectionId: collection.id, documents: DOCUMENTS })).addDocuments);
  // Taken before the submit, so that the stream from here has every change of the job, from its first.
  let { streamCursor: after } = await read(environment, CURSOR, { collectionId: collection.id });
  const { job } = done((await mutate(environment, SUBMIT, { collectionId: collection.id, pipeline })).submitJob);

  // A list on the screen: kept in the store, its first page read, everything else brought by the stream.
  const list = createOperationDescriptor(TASKS, { jobId: job.id });
  const screen = environment.retain(list);
  /** As a component that uses the fragment sees it. */
  const shown = () => {
    const { data } = environment.lookup(list.fragment);
    return environment.lookup(getSingularSelector(TASKS_OF_JOB, data.job)).data;
  };
  await read(environment, TASKS, { jobId: job.id });
  const changes = { received: 0, applied: 0 };
  while (after !== null) {
    after = await follow(environment, job.id, after, changes);
    // After a gap the list is read again, and the stream goes on from where that left it.
    if (after !== null) await read(environment, TASKS, { jobId: job.id });
  }
  const live = shown();

  const { summary } = (await read(environment, SUMMARY, { jobId: job.id })).job;
  // As usePaginationFragment's loadNext does it: the refetch query behind the last cursor, joined by @connection.
  const pages = [live.tasks.edges.length];
  while (shown().tasks.pageInfo.hasNextPage) {
    const { edges, pageInfo } = shown().tasks;
    await read(environment, MORE_TASKS, { id: job.id, first: PAGE_SIZE, after: pageInfo.endCursor });
    pages.push(shown().tasks.edges.length - edges.length);
  }
  const records = Object.values(environment.getStore().getSource().toJSON());
  const result = {
    collectionId: collection.id,
    jobId: job.id,
    status: shown().status,
    changes,
    summary: summaryOf(summary),
    live: { status: live.status, tasks: rowsOf(live.tasks) },
    pages,
    tasks: rowsOf(shown().tasks),
    cached: records.filter((record) => record?.__typename === "Task").length,
  };
  screen.dispose();
  await socket.dispose();
  return result;
});
