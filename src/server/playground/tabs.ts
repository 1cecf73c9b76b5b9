/** One tab of the playground; valid in the schema. GraphiQL calls it after its first operation. */
export interface Tab {
  readonly title: string;
  readonly query: string;
  readonly variables: string;
}

const ID = '{\n  "id": "paste an id here"\n}';

/** What the page holds at the first visit: the way from a first collection to a retry, one tab each. */
export const TABS: readonly Tab[] = [
  {
    title: "Start",
    variables: "{}",
    query: `# Welcome to Headway. Press the pink button, or Ctrl-Enter: the answer shows who you are, which pipelines there are, which workers run them, and the last jobs.

# The book on the left describes every type. The next tabs go from documents to results.

query Start {
  viewer { name role project }
  pipelines {
    name
    description
    documentStages
    collectionStages
    queued
    running
  }
  workers { hostname status running }
  jobs(first: 5) {
    nodes {
      id
      pipeline
      status
      progress
      collection { name }
    }
  }
}
`,
  },
  {
    title: "Create",
    variables: ID,
    query: `# 1. A collection for documents:
mutation Create {
  createCollection(input: { name: "First steps" }) {
    collection { id name }
    userErrors { code message }
  }
}

# 2. Documents in it. Put the id of the collection into the variables below.
mutation Add($id: ID!) {
  addDocuments(input: {
    collectionId: $id
    documents: [
      { name: "greeting.txt", text: "Good morning." }
      { name: "empty.txt", text: "" }
    ]
  }) {
    documents { id name }
    userErrors { code message path }
  }
}
`,
  },
  {
    title: "Submit",
    variables: ID,
    query: `# Submits the collection to a pipeline. The first tab lists them.
mutation Submit($id: ID!) {
  submitJob(input: { collectionId: $id, pipeline: "documents" }) {
    job { id status run counts { total } }
    userErrors { code message }
  }
}
`,
  },
  {
    title: "Watch",
    variables: ID,
    query: `# Every change of a job, as it happens. With "after" it goes on behind that cursor.
subscription Watch($id: ID!, $after: String) {
  statusChanges(jobId: $id, after: $after) {
    ... on StatusChange { cursor entityType toStatus toStage reason message at }
    ... on StreamGap { cause resumeAt }
  }
}

# Only its progress, until it is settled:
subscription Progress($id: ID!) {
  jobProgress(jobId: $id) { status stage progress stageCounts { stage queued running completed failed } }
}
`,
  },
  {
    title: "History",
    variables: ID,
    query: `# What happened to a job, and why. "waitingOn" says why it does not move.
query History($id: ID!) {
  job(id: $id) {
    status
    waitingOn { code message until }
    summary { durationMs errors { code stage count } output }
    tasks(first: 20) { nodes { documentName status stage error { code message } } }
    history(first: 50) { nodes { at actor { name } reason fromStatus toStatus message } }
  }
}

query Newest {
  jobs(first: 10) { nodes { id status pipeline createdAt collection { name } } }
}
`,
  },
  {
    title: "Retry",
    variables: ID,
    query: `# The failed tasks of a job start again at the stage where they failed.
mutation Retry($id: ID!) {
  retryJob(input: { jobId: $id, reason: "tried by hand" }) {
    retriedTasks
    job { status run }
    userErrors { code message }
  }
}

# Whether that is possible now, and why not:
query MayRetry($id: ID!) {
  job(id: $id) { canRetry { allowed disabledReason } canCancel { allowed disabledReason } }
}
`,
  },
];
