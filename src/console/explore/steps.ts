/** What earlier steps have answered, by the name of the variable that a later step takes it as. */
export type Kept = Readonly<Record<string, string>>;

/** A whole operation that runs with one click. */
export interface Step {
  readonly id: StepId;
  readonly title: string;
  readonly query: string;
  /** What its variables are where no step before says otherwise. */
  readonly variables: Readonly<Record<string, string>>;
  /** The variables that only a step before can know, and which step that is. */
  readonly needs: Readonly<Record<string, StepId>>;
  /** Those that are filled in where a step before has given one. */
  readonly takes: readonly string[];
  readonly isChange: boolean;
}

export const STEP_IDS = ["start", "create", "add", "submit", "watch", "progress", "outcome", "retry"] as const;
export type StepId = (typeof STEP_IDS)[number];

const texts = import.meta.glob<string>("./steps/*.graphql", { query: "?raw", import: "default", eager: true });
const OF_COLLECTION = { collectionId: "create" } as const;
const OF_JOB = { jobId: "submit" } as const;

/** The way from a first collection to a retry. */
export const STEPS: readonly Step[] = [
  step("start", "Look around"),
  step("create", "Create a collection", { isChange: true, variables: { name: "First steps" } }),
  step("add", "Add documents", { isChange: true, needs: OF_COLLECTION }),
  step("submit", "Submit a job", { isChange: true, needs: OF_COLLECTION, variables: { pipeline: "documents" } }),
  step("watch", "Watch the job", { needs: OF_JOB, takes: ["after"] }),
  step("progress", "Follow the progress", { needs: OF_JOB }),
  step("outcome", "View the outcome", { needs: OF_JOB }),
  step("retry", "Retry failed tasks", { isChange: true, needs: OF_JOB }),
];

function step(
  id: StepId,
  title: string,
  given: Partial<Pick<Step, "variables" | "needs" | "takes" | "isChange">> = {},
): Step {
  return {
    id,
    title,
    query: texts[`./steps/${id}.graphql`]!,
    variables: {},
    needs: {},
    takes: [],
    isChange: false,
    ...given,
  };
}

export function stepOf(id: string | undefined): Step | undefined {
  return STEPS.find((one) => one.id === id);
}

/** The variables of a step as text, with what the steps before have given. */
export function variablesOf({ variables, needs, takes }: Step, kept: Kept): string {
  const filled: Record<string, string | null> = { ...variables };
  for (const name of Object.keys(needs)) filled[name] = kept[name] ?? null;
  for (const name of takes) if (kept[name] !== undefined) filled[name] = kept[name];
  return JSON.stringify(filled, null, 2);
}

/** The step that has to be run before, and what it gives; null where nothing is missing. */
export function missingOf({ needs }: Step, kept: Kept): { readonly name: string; readonly from: Step } | null {
  const name = Object.keys(needs).find((wanted) => kept[wanted] === undefined);
  return name === undefined ? null : { name, from: stepOf(needs[name])! };
}

interface Answered {
  readonly createCollection?: { readonly collection: WithId | null; readonly existing?: WithId | null } | null;
  readonly submitJob?: { readonly job: (WithId & { readonly history?: Cursors }) | null } | null;
}
interface WithId {
  readonly id?: string;
}
interface Cursors {
  readonly nodes: readonly { readonly cursor?: string }[];
}

/** What an answer gives to the steps behind it: of anybody's operation, since steps may be changed. */
export function givenBy(data: unknown): Kept {
  const { createCollection, submitJob } = (data ?? {}) as Answered;
  const given: Record<string, string | undefined> = {
    // A name that is taken is used again.
    collectionId: createCollection?.collection?.id ?? createCollection?.existing?.id,
    jobId: submitJob?.job?.id,
    after: submitJob?.job?.history?.nodes[0]?.cursor,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Kept;
}
