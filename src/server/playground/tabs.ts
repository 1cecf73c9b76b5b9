/** One tab of the playground; valid in the schema. It is called after its first operation. */
export interface Tab {
  readonly title: string;
  readonly query: string;
  readonly variables: string;
}

const ID = '{\n  "id": "paste an id here"\n}';

/** What the page holds at the first visit: the way from a first collection to a retry, one tab each. */
export const TABS: readonly Tab[] = [
  {
    title: "start",
    variables: "{}",
    query: `# Welcome to Headway. Press the button on the
# right, or Ctrl-Enter. You see who you are,
# what documents can be put through, who does
# the work, and the last jobs.
#
# The book on the left explains every type;
# the next tabs lead from files to results.

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
    title: "create",
    variables: ID,
    query: `# 1. A place for documents:
mutation Create {
  createCollection(input: { name: "First steps" }) {
    collection { id name }
    userErrors { code message }
  }
}

# 2. Documents for it:
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
    title: "submit",
    variables: ID,
    query: `# The collection to a pipeline; tab 1 shows which there are.
mutation Submit($id: ID!) {
  submitJob(input: { collectionId: $id, pipeline: "documents" }) {
    job { id status run counts { total } }
    userErrors { code message }
  }
}
`,
  },
  {
    title: "watch",
    variables: ID,
    query: `# Every change of a job, as it happens; "after" resumes behind a cursor.
subscription Watch($id: ID!, $after: String) {
  statusChanges(jobId: $id, after: $after) {
    ... on StatusChange { cursor entityType toStatus toStage reason message at }
    ... on StreamGap { cause resumeAt }
  }
}

# Or only how far it is, until it is settled:
subscription Progress($id: ID!) {
  jobProgress(jobId: $id) { status stage progress stageCounts { stage queued running completed failed } }
}
`,
  },
  {
    title: "history",
    variables: ID,
    query: `# What became of a job, and why; "waitingOn" says why it does not move.
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
    title: "retry",
    variables: ID,
    query: `# Its failed tasks go on at the stage where they stopped.
mutation Retry($id: ID!) {
  retryJob(input: { jobId: $id, reason: "tried by hand" }) {
    retriedTasks
    job { status run }
    userErrors { code message }
  }
}

# May it be, and if not, why:
query MayRetry($id: ID!) {
  job(id: $id) { canRetry { allowed disabledReason } canCancel { allowed disabledReason } }
}
`,
  },
];
