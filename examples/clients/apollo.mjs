// Apollo Client: a split link, pages by relayStylePagination, and a cache that the subscription keeps up to date.
//   node examples/clients/apollo.mjs --url http://127.0.0.1:4000 --key hw_…
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { isSubscriptionOperation, relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import { filter, firstValueFrom, map } from "rxjs";
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
// Pages are read by their edges: relayStylePagination joins those, while `nodes` would be the last page's alone.
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
const VERSIONED = gql`
  fragment Versioned on Tracked {
    version
  }
`;

/** The cache keys things by __typename and id; a change names its thing by kind and id. */
const TYPENAMES = { COLLECTION: "Collection", JOB: "Job", TASK: "Task" };

/** Brings a change into the cache. False when the cache had it already: after a reconnect, changes come again. */
function take(cache, { entityType, entityId, toStatus, version }) {
  const id = cache.identify({ __typename: TYPENAMES[entityType], id: entityId });
  const known = cache.readFragment({ id, fragment: VERSIONED });
  if (known && known.version >= version) return false;
  cache.modify({ id, fields: { status: () => toStatus, version: () => version } });
  return true;
}

/** Follows the job until it is settled. Null then; after a gap, the cursor from where to go on. */
function follow(client, jobId, after, onChange) {
  return new Promise((resolve, reject) => {
    const subscription = client.subscribe({ query: CHANGES, variables: { jobId, after } }).subscribe({
      next({ data, error }) {
        if (error) return reject(error);
        const event = data.statusChanges;
        const settled = event.entityType === "JOB" && isSettled(event.toStatus);
        if (event.__typename === "StatusChange") onChange(event);
        if (event.__typename === "StreamGap" || settled) {
          subscription.unsubscribe();
          resolve(event.resumeAt ?? null);
        }
      },
      error: reject,
      complete: () => reject(new Error("The stream ended before the job did.")),
    });
  });
}

await runExample("apollo", async ({ httpUrl, socketUrl, authorization, pipeline, name }) => {
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: authorization });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ query }) => isSubscriptionOperation(query),
      new GraphQLWsLink(socket),
      new HttpLink({ uri: httpUrl, headers: authorization }),
    ),
    cache: new InMemoryCache({
      possibleTypes: { Tracked: Object.values(TYPENAMES) },
      typePolicies: { Job: { fields: { tasks: relayStylePagination(["filter"]) } } },
    }),
  });
  const mutate = async (mutation, input) => (await client.mutate({ mutation, variables: { input } })).data;
  const read = async (query, variables) => (await client.query({ query, variables, fetchPolicy: "network-only" })).data;

  const { collection } = done((await mutate(CREATE, { name })).createCollection);
  done((await mutate(ADD, { collectionId: collection.id, documents: DOCUMENTS })).addDocuments);
  // Taken before the submit, so that the stream from here has every change of the job, from its first.
  let after = (await read(CURSOR, { collectionId: collection.id })).streamCursor;
  const { job } = done((await mutate(SUBMIT, { collectionId: collection.id, pipeline })).submitJob);

  // A list on the screen: watched from here on, its first page read, everything else brought by the stream.
  const list = client.watchQuery({ query: TASKS, variables: { jobId: job.id, first: PAGE_SIZE } });
  const screen = list.subscribe();
  const shows = (expected) =>
    firstValueFrom(
      list.pipe(
        map(({ data }) => data?.job),
        filter((shown) => shown && expected(shown)),
      ),
    );
  await shows(() => true);
  const changes = { received: 0, applied: 0 };
  while (after !== null) {
    after = await follow(client, job.id, after, (change) => {
      changes.received += 1;
      if (take(client.cache, change)) changes.applied += 1;
    });
    // After a gap the list is read again, and the stream goes on from where that left it.
    if (after !== null) await list.refetch();
  }
  const live = await shows(({ status }) => isSettled(status));

  const { summary } = (await read(SUMMARY, { jobId: job.id })).job;
  let { tasks, status } = live;
  const pages = [tasks.edges.length];
  while (tasks.pageInfo.hasNextPage) {
    const before = tasks.edges.length;
    await list.fetchMore({ variables: { after: tasks.pageInfo.endCursor } });
    ({ tasks, status } = await shows((shown) => shown.tasks.edges.length > before));
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
    cached: Object.keys(client.cache.extract()).filter((key) => key.startsWith("Task:")).length,
  };
  screen.unsubscribe();
  client.stop();
  await socket.dispose();
  return result;
});
