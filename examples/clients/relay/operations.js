// What relay-compiler reads: it checks these against schema/schema.graphql and writes __generated__ from them.
// In an app they stand in the components that use them, and a bundler's plugin puts the generated files in their place;
// relay.mjs, which runs without a bundler, imports those itself. Hence nothing imports this file.
import { graphql } from "relay-runtime";

export const create = graphql`
  mutation operationsCreateMutation($input: CreateCollectionInput!) {
    createCollection(input: $input) {
      collection {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export const add = graphql`
  mutation operationsAddMutation($input: AddDocumentsInput!) {
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

export const cursor = graphql`
  query operationsCursorQuery($collectionId: ID!) {
    streamCursor(collectionId: $collectionId)
  }
`;

export const submit = graphql`
  mutation operationsSubmitMutation($input: SubmitJobInput!) {
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

// A list that grows: @connection joins its pages in the store, @refetchable makes the query that reads the next one.
export const tasks = graphql`
  fragment operations_tasks on Job
  @refetchable(queryName: "operationsMoreTasksQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 3 }, after: { type: "String" }) {
    status
    version
    tasks(first: $first, after: $after) @connection(key: "operations_tasks") {
      edges {
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
`;

export const list = graphql`
  query operationsTasksQuery($jobId: ID!) {
    job(id: $jobId) {
      id
      ...operations_tasks
    }
  }
`;

export const changes = graphql`
  subscription operationsChangesSubscription($jobId: ID!, $after: String) {
    statusChanges(jobId: $jobId, after: $after) {
      __typename
      ... on StatusChange {
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

export const summary = graphql`
  query operationsSummaryQuery($jobId: ID!) {
    job(id: $jobId) {
      summary {
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
