import { Button, Group, Modal } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { RemoveDocumentsDocument } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { useReturnFocus } from "../parts/return-focus.js";
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
  const [fault, setFault] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  useReturnFocus(documentIds !== null);
  const number = documentIds?.length ?? 0;
  const remove = async (): Promise<void> => {
    setIsWorking(true);
    const input = { collectionId, documentIds: [...documentIds!] };
    const { data, error } = await client.mutation(RemoveDocumentsDocument, { input }).toPromise();
    setIsWorking(false);
    const refused = error?.message ?? data?.removeDocuments.userErrors[0]?.message;
    if (refused !== undefined) return setFault(refused);
    say(`${counted(number, "document")} removed.`);
    onClose();
    onRemoved();
  };
  return (
    <Modal
      opened={documentIds !== null}
      onClose={onClose}
      title={`Remove ${counted(number, "document")}`}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <div className="stack">
        <p>
          Their bytes, texts, chunks and files go with them. Their tasks stay in the history of the jobs. This can't be
          undone.
        </p>
        {fault !== null && (
          <p className="tone-bad" role="alert">
            {fault}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Leave it
          </Button>
          <Button color="red" loading={isWorking} onClick={() => void remove()}>
            Remove {counted(number, "document")}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}
