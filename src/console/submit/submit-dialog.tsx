import { Modal } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useReturnFocus } from "../parts/return-focus.js";
import { Loading } from "../parts/states.js";
import type { SubmitOrder } from "./submit-order.js";

/** Loaded when something is first submitted. */
const SubmitForm = lazy(async () => ({ default: (await import("./submit-form.js")).SubmitForm }));

interface SubmitDialogProps {
  /** Null: closed. */
  readonly order: SubmitOrder | null;
  readonly onClose: () => void;
}

/** Submits a collection to a pipeline, with the options that its schema describes. */
export function SubmitDialog({ order, onClose }: SubmitDialogProps) {
  useReturnFocus(order !== null);
  if (order === null) return null;
  const { collection, before } = order;
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Submit ${collection.name}${before ? " again" : ""}`}
      closeButtonProps={{ "aria-label": "Close" }}
      size="lg"
      centered
    >
      <Suspense fallback={<Loading />}>
        <SubmitForm order={order} onClose={onClose} />
      </Suspense>
    </Modal>
  );
}
