/** What a stream covers. Collection, job and task scopes of one collection share their cursors; a project's are its own. */
export type Scope =
  | { readonly kind: "collection"; readonly projectId: string; readonly collectionId: string }
  | { readonly kind: "job"; readonly projectId: string; readonly collectionId: string; readonly jobId: string }
  | { readonly kind: "task"; readonly projectId: string; readonly collectionId: string; readonly taskId: string }
  | { readonly kind: "project"; readonly projectId: string };

/** The stream can no longer be complete from where it was asked to start. */
export interface Gap {
  readonly gap: true;
  readonly cause: string;
  readonly resumeAt: string;
}
