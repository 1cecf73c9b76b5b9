import { useClient } from "urql";
import { send } from "../api/send.js";
import { RemoveDocumentsDocument } from "../generated/operations.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { counted } from "../parts/format.js";
import { useSay } from "../parts/said.js";

interface RemoveProps {
  readonly collectionId: string;
  /** Null: closed. */
  readonly documentIds: readonly string[] | null;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

/** Removes documents from the collection, all of them or none. */
export function RemoveDocumentsDialog({ collectionId, documentIds, onClose, onRemoved }: RemoveProps) {
  const client = useClient();
  const say = useSay();
  if (documentIds === null) return null;
  const number = documentIds.length;
  const remove = async () => {
    const input = { collectionId, documentIds: [...documentIds] };
    const { refusals } = await send(client, RemoveDocumentsDocument, { input });
    if (refusals !== null) return refusals;
    say(`${counted(number, "document")} removed.`);
    onRemoved();
    return null;
  };
  const words = `Remove ${counted(number, "document")}`;
  return (
    <ConfirmDialog title={words} act={words} isFinal onConfirm={remove} onClose={onClose}>
      <p>
        This deletes the documents with their texts, chunks and files. Their tasks stay in the history of their jobs.
        This can't be undone.
      </p>
    </ConfirmDialog>
  );
}
