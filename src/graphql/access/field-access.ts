import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import { pagePartOf } from "../paging/page-types.js";

/**
 * What a key of one collection, or of one job of it, is given of a field. Every field that can be read has one of these:
 * a schema with a field that has none cannot be built.
 */
export type FieldAccess =
  /** As it is: who sees the parent sees this. */
  | "SHOWN"
  /** The part that the key sees; the rest is as if it were not there. */
  | "NARROWED"
  /** It tells of all jobs of a collection, so a key of one job is refused (FORBIDDEN). */
  | "COLLECTION"
  /** It tells of the whole project or installation, so a key of one collection or job is refused (FORBIDDEN). */
  | "PROJECT"
  /** As PROJECT, but null and no error: a page may ask for it beside what it does see. */
  | "PROJECT_OR_NULL"
  /** As PROJECT_OR_NULL, and null for VIEWER too. */
  | "OPERATOR_OR_NULL"
  /** Refused to VIEWER, and to every key made for a browser. */
  | "OPERATOR"
  /** As PROJECT, and refused to VIEWER and OPERATOR too. */
  | "ADMIN";

export const FIELD_ACCESSES: readonly FieldAccess[] = [
  "SHOWN",
  "NARROWED",
  "COLLECTION",
  "PROJECT",
  "PROJECT_OR_NULL",
  "OPERATOR_OR_NULL",
  "OPERATOR",
  "ADMIN",
];

/** By type; the names of its fields, with spaces between. */
const ACCESS: Readonly<Record<string, Partial<Readonly<Record<FieldAccess, string>>>>> = {
  Query: {
    SHOWN: "viewer",
    NARROWED:
      "collection collectionByName collections doctor document expiringCollections job jobCounts jobs node search stageCounts statusChanges streamCursor task tasks",
    PROJECT: "attention pipelines statistics workers",
    ADMIN: "keys webhooks",
  },
  Subscription: { NARROWED: "jobProgress statusChanges", OPERATOR: "taskLogs" },

  Collection: {
    SHOWN:
      "canSubmit chunkCount chunksWithEmbeddings createdAt description documentCount embeddingCoverage expiresAt id metadata name status statusChangedAt statusDescription version",
    NARROWED: "currentJob documents entities jobs lastJob warnings",
    COLLECTION: "history lastChange",
  },
  Document: {
    SHOWN: "contentVersion createdAt id mediaType metadata name original sha256 sizeBytes sourceUri text warnings",
    NARROWED: "chunks collection lastTask",
  },
  Chunk: {
    SHOWN: "context endOffset hasEmbedding headings id kind ordinal page pageEnd part startOffset text",
    NARROWED: "document",
  },
  NamedEntity: { SHOWN: "documentCount id mentions name type", NARROWED: "documents related" },
  RelatedEntity: { SHOWN: "entity together" },
  Job: {
    SHOWN:
      "artifacts canCancel canRetry cancelRequestedAt collectionTask counts createdAt errorGroups eta finishedAt history id lastChange mode options pipeline pipelineVersion priority progress run stage stageCounts stageProgress startedAt status statusChangedAt summary tags task tasks timeline version waitingOn",
    NARROWED: "collection",
  },
  JobSummary: { SHOWN: "counts createdAt durationMs errors output stages status" },
  Task: {
    SHOWN:
      "attempt canCancel canRetry crashes createdAt documentName error finishedAt history id kind lastChange leaseExpiresAt maxAttempts pipelineVersion progress progressMessage refusedWrites runAt stage stages startedAt status statusChangedAt version waitingOn warnings",
    NARROWED: "document job",
    PROJECT_OR_NULL: "worker",
    OPERATOR: "logs",
  },
  LogEntry: { OPERATOR: "at attempt fields level message stage" },
  StageOutput: { OPERATOR: "preview signedUrl sizeBytes value" },
  TaskError: { SHOWN: "code message retryable stage", OPERATOR_OR_NULL: "stack" },
  Artifact: { SHOWN: "createdAt id mediaType name sha256 signedUrl sizeBytes url" },
  SignedUrl: { SHOWN: "expiresAt url" },
  StatusChange: {
    SHOWN:
      "actor at attempt collectionId cursor entityId entityType fence fromStage fromStatus id jobId message reason taskId toStage toStatus version",
  },
  StreamGap: { SHOWN: "cause resumeAt" },
  SearchHit: { SHOWN: "chunk highlights score" },
  Highlight: { SHOWN: "end start" },

  Worker: {
    PROJECT:
      "concurrency eventLoopLagMs heartbeatAt hostname id lastClaimAt lastLoopAt loopIterations pid pipelines running serves startedAt status tasks version",
  },
  ServedPipeline: { PROJECT: "pipeline stages version" },
  Pipeline: {
    PROJECT:
      "collectionStages description documentStages limits name oldestQueuedAt optionsSchema paused pausedAt pausedBy pausedReason queued running stages version",
  },
  PipelineStage: { PROJECT: "kind limits maxAttempts name oldestQueuedAt queued running timeoutMs" },
  LimitUse: { PROJECT: "concurrency inUse opensAt rateLeft rateLimit ratePerMs" },

  Attention: { PROJECT: "checkedAt items truncated" },
  AttentionItem: {
    PROJECT: "acknowledgedAt acknowledgedBy acknowledgedWord id kind message pipeline since subject",
  },

  ApiKey: {
    ADMIN: "collectionId createdAt createdBy expiresAt id jobId lastUsedAt name permissions pipelines revokedAt role",
  },
  Statistics: { PROJECT: "asOf buckets" },
  StatisticsBucket: {
    PROJECT: "at cancelled completed failed retried runMs skipped stages submitted waitMs",
  },
  StageBucket: { PROJECT: "completed failed runMs stage" },
  Percentiles: { PROJECT: "p50 p95 p99" },

  Webhook: { ADMIN: "createdAt deliveries disabledReason enabled events id pipelines tags url" },
  WebhookDelivery: {
    ADMIN: "attempts createdAt deliveredAt event id job nextAttemptAt payload webhook",
  },
  WebhookAttempt: { ADMIN: "at durationMs error statusCode" },

  Actor: { SHOWN: "name type" },
  JobCount: { SHOWN: "count status" },
  Estimate: { SHOWN: "at basis earliest latest message sampleSize" },
  ErrorGroup: { SHOWN: "code count retryable sampleTaskIds stage" },
  PageInfo: { SHOWN: "endCursor hasNextPage hasPreviousPage startCursor" },
  Permission: { SHOWN: "allowed disabledReason" },
  RefusedWrite: { SHOWN: "at fence stage wanted worker" },
  StageAmount: { SHOWN: "amount stage" },
  StageCount: { SHOWN: "completed failed queued running stage" },
  StageRun: {
    SHOWN: "attempt durationMs finishedAt outcome pipelineVersion run stage startedAt worker",
    OPERATOR_OR_NULL: "output",
  },
  StageSummary: { SHOWN: "count maxMs p50Ms p95Ms stage" },
  TaskCounts: { SHOWN: "cancelled completed failed queued running skipped total waiting" },
  TimelineBucket: { SHOWN: "completed failed from running to" },
  Viewer: { SHOWN: "name project role" },
  Violation: { SHOWN: "detail entityId entityType invariant meaning" },
  WaitingReason: { SHOWN: "code message position until" },
  Warning: { SHOWN: "code count message pages" },
};

/** Every page of a list is made alike; what it holds is the list's own matter. */
const PAGES: Readonly<Record<string, string>> = {
  Connection: "droppedCount edges nodes pageInfo totalCount",
  Edge: "cursor node",
};

/** What is decided of a field; null where nothing is. */
export function accessOf(typeName: string, fieldName: string): FieldAccess | null {
  const has = (names: string | undefined): boolean => names?.split(" ").includes(fieldName) ?? false;
  const paged = pagePartOf(typeName);
  if (paged !== null) {
    if (!has(PAGES[paged])) return null;
    const base = typeName.slice(0, -paged.length);
    const of = ACCESS[base] ?? ACCESS[`${base}Entry`] ?? {};
    // Of what is for some keys alone the pages are for them as well.
    return (
      (["ADMIN", "OPERATOR"] as const).find((access) => of[access] !== undefined && of.SHOWN === undefined) ?? "SHOWN"
    );
  }
  return FIELD_ACCESSES.find((access) => has(ACCESS[typeName]?.[access])) ?? null;
}

/** The types that queries and subscriptions lead to. */
export function readableTypes(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  const found = new Set<GraphQLObjectType>();
  const visit = (type: GraphQLNamedType | null | undefined): void => {
    if (isUnionType(type) || isInterfaceType(type)) schema.getPossibleTypes(type).forEach(visit);
    if (!isObjectType(type) || found.has(type)) return;
    found.add(type);
    for (const field of Object.values(type.getFields())) visit(getNamedType(field.type));
  };
  visit(schema.getQueryType());
  visit(schema.getSubscriptionType());
  return [...found];
}
