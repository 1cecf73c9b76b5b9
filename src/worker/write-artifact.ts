import type { Readable } from "node:stream";
import { v7 as uuidv7 } from "uuid";
import type { Claim } from "../engine/flush/claim.js";
import { toStorableMessage } from "../engine/storable.js";
import { bookArtifact, keepArtifact, placeOfArtifact } from "../engine/uploads/artifacts.js";
import { HeadwayError, PermanentError } from "../errors.js";
import { failpoint } from "../failpoint.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { StageDatabase } from "./stage-database.js";

/** What a stage gives to be kept as a file. */
export interface ArtifactContent {
  readonly name: string;
  readonly content: string | Uint8Array | Readable;
  readonly mediaType: string;
}

/**
 * Writes an artifact of a running stage; it is shown once the stage has ended well.
 * @throws {PermanentError} ARTIFACT_NAME
 * @throws {HeadwayError} ARTIFACT_NOT_KEPT where the task is another's by the time the bytes are written
 */
export async function writeArtifact(
  blobs: BlobStore,
  { claim, db }: { readonly claim: Claim; readonly db: StageDatabase },
  stage: string,
  { name, content, mediaType }: ArtifactContent,
): Promise<void> {
  assertArtifactName(name);
  const id = uuidv7();
  const blobKey = placeOfArtifact(claim, id);
  const write = { id, claim, stage, name, mediaType: toStorableMessage(mediaType), blobKey };
  await bookArtifact(db, write);
  await failpoint("artifact.before_write");
  const facts = await blobs.write(blobKey, typeof content === "string" ? Buffer.from(content) : content);
  await failpoint("artifact.after_write");
  if (!(await keepArtifact(db, write, facts))) {
    throw new HeadwayError(
      "ARTIFACT_NOT_KEPT",
      `Artifact "${name}" was written but discarded, because the worker had lost the task.`,
    );
  }
}

/** @throws {PermanentError} ARTIFACT_NAME */
export function assertArtifactName(name: string): void {
  // eslint-disable-next-line no-control-regex
  if (/^[^/\\\u0000-\u001f]{1,200}$/.test(name) && name !== "." && name !== "..") return;
  throw new PermanentError(
    "ARTIFACT_NAME",
    `"${name}" is not a valid artifact name; use a plain file name of at most 200 characters.`,
  );
}
