import type { ApiClient } from "./client.js";

interface Page {
  readonly nodes: readonly { readonly id: string; readonly documentName: string | null }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The names of a job's tasks, read a page at a time and only as far as they are asked for. */
export class TaskNames {
  readonly #client: ApiClient;
  readonly #jobId: string;
  readonly #names = new Map<string, string>();
  #after: string | null = null;
  #isComplete = false;

  constructor(client: ApiClient, jobId: string) {
    this.#client = client;
    this.#jobId = jobId;
  }

  /** The document's name, or "collection task"; the id where the task is not among the job's. */
  async of({ taskId }: { readonly taskId: string | null }): Promise<string> {
    if (taskId === null) return "";
    while (!this.#names.has(taskId) && !this.#isComplete) await this.#readPage();
    return this.#names.get(taskId) ?? taskId;
  }

  async #readPage(): Promise<void> {
    const { job } = await this.#client.query<{ job: { tasks: Page } | null }>(
      `query ($id: ID!, $after: String) { job(id: $id) { tasks(first: 100, after: $after) {
         nodes { id documentName } pageInfo { hasNextPage endCursor } } } }`,
      { id: this.#jobId, after: this.#after },
    );
    for (const { id, documentName } of job?.tasks.nodes ?? []) this.#names.set(id, documentName ?? "collection task");
    this.#after = job?.tasks.pageInfo.endCursor ?? null;
    this.#isComplete = job?.tasks.pageInfo.hasNextPage !== true;
  }
}
