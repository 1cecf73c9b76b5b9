import { Group } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { send } from "../api/send.js";
import { CollectionDialog } from "../collections/collection-dialog.js";
import { DeleteCollectionDocument } from "../generated/operations.js";
import { ActButton, allowedTo, type Allowed } from "../parts/act-button.js";
import { CountsBar, ProgressText } from "../parts/bars.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { Fact } from "../parts/fact.js";
import { count, counted, percent } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useSay } from "../parts/said.js";
import { StatusWord } from "../parts/status.js";
import { WarningList } from "../parts/warnings.js";
import { When } from "../parts/when.js";
import { SubmitDialog } from "../submit/submit-dialog.js";
import type { ShownCollection } from "./shown-collection.js";

interface HeadProps {
  readonly collection: ShownCollection;
  readonly onDone: () => void;
}

/** What the collection is, how it stands, and what can be done with it now. */
export function CollectionHead({ collection, onDone }: HeadProps) {
  const [open, setOpen] = useState<"submit" | "edit" | "delete" | null>(null);
  const { viewer } = useApi();
  const { name, status, statusDescription, description, canSubmit, warnings, lastJob } = collection;
  const close = (): void => setOpen(null);
  return (
    <header className="job-head">
      <nav aria-label="Breadcrumb" className="crumbs">
        <Link to="/collections">Collections</Link>
      </nav>
      <div className="screen-head">
        <h1>{name}</h1>
        <StatusWord of="CollectionStatus" word={status} />
        <span className="spread" />
        <Group gap="xs">
          <ActButton
            size="xs"
            variant="filled"
            permission={canSubmit}
            leftSection={<Icon name="play" />}
            onClick={() => setOpen("submit")}
          >
            Submit…
          </ActButton>
          <ActButton
            size="xs"
            permission={unlessExpired(status, allowedTo(viewer.role, "OPERATOR"))}
            leftSection={<Icon name="pen" />}
            onClick={() => setOpen("edit")}
          >
            Edit…
          </ActButton>
          <ActButton
            size="xs"
            permission={unlessExpired(status, allowedTo(viewer.role, "ADMIN"))}
            leftSection={<Icon name="bin" />}
            onClick={() => setOpen("delete")}
          >
            Delete…
          </ActButton>
        </Group>
      </div>
      <p className="faint">{statusDescription}</p>
      {description !== null && <p className="chunk-text">{description}</p>}
      {!canSubmit.allowed && (
        <p>
          <strong>This collection can't be submitted now.</strong> {canSubmit.disabledReason}
        </p>
      )}
      {lastJob !== null && (
        <div className="last-job-line">
          <span>
            Last job:{" "}
            <Link to="/jobs/$id" params={{ id: lastJob.id }}>
              {lastJob.pipeline}
            </Link>{" "}
            <StatusWord of="JobStatus" word={lastJob.status} />
          </span>
          <CountsBar counts={lastJob.counts} />
          <ProgressText counts={lastJob.counts} progress={lastJob.progress} />
        </div>
      )}
      <Facts collection={collection} />
      {warnings.length > 0 && (
        <div className="note tone-mixed">
          <Icon name="warning" />
          <div>
            <WarningList warnings={warnings} />
          </div>
        </div>
      )}
      <SubmitDialog order={open === "submit" ? { collection } : null} onClose={close} />
      <CollectionDialog collection={collection} isOpen={open === "edit"} onClose={close} onDone={onDone} />
      {open === "delete" && <DeleteDialog collection={collection} onClose={close} />}
    </header>
  );
}

function unlessExpired(status: ShownCollection["status"], byRole: Allowed): Allowed {
  if (!byRole.allowed || status !== "EXPIRED") return byRole;
  return { allowed: false, disabledReason: "The collection has expired and its contents were removed." };
}

function Facts({ collection }: { readonly collection: ShownCollection }) {
  const { documentCount, chunkCount, chunksWithEmbeddings, embeddingCoverage, createdAt, expiresAt } = collection;
  return (
    <dl className="facts">
      <Fact name="Documents">{count(documentCount)}</Fact>
      <Fact name="Chunks">{count(chunkCount)}</Fact>
      <Fact name="Semantic search">
        <span title={`${count(chunksWithEmbeddings)} of ${counted(chunkCount, "chunk")} have an embedding`}>
          {chunkCount === 0 ? "no chunks yet" : percent(embeddingCoverage)}
        </span>
      </Fact>
      <Fact name="Created">
        <When at={createdAt} />
      </Fact>
      <Fact name="Expires">{expiresAt === null ? "never" : <When at={expiresAt} />}</Fact>
    </dl>
  );
}

interface DeleteProps {
  readonly collection: ShownCollection;
  readonly onClose: () => void;
}

function DeleteDialog({ collection, onClose }: DeleteProps) {
  const client = useClient();
  const navigate = useNavigate();
  const say = useSay();
  const { id, name, documentCount } = collection;
  const remove = async () => {
    const { refusals } = await send(client, DeleteCollectionDocument, { input: { collectionId: id } });
    if (refusals !== null) return refusals;
    say(`${name} deleted.`);
    await navigate({ to: "/collections" });
    return null;
  };
  return (
    <ConfirmDialog title={`Delete ${name}`} act="Delete collection" isFinal onConfirm={remove} onClose={onClose}>
      <p>
        This cancels any open job, then deletes {counted(documentCount, "document")} with all texts, chunks and results.
        The record of the collection and its history are kept. You can use the name again. This can't be undone.
      </p>
    </ConfirmDialog>
  );
}
