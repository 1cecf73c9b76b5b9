import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { useApi, type Api } from "../api/api.js";
import { isOpen, UploadQueue } from "./upload-queue.js";

const queues = new WeakMap<Api, Map<string, UploadQueue>>();

/** What is sent to a collection. It goes on while somebody looks at another screen, and ends with the page. */
export function useUploads(collectionId: string, onAdded: () => void): UploadQueue {
  const api = useApi();
  const queue = queueOf(api, collectionId);
  const added = useEffectEvent(onAdded);
  useEffect(() => queue.onAdded(() => added()), [queue]);
  return queue;
}

/** While anything is on its way, the browser asks before it leaves the page. */
export function useUploadGuard(queue: UploadQueue): void {
  const { files } = useSyncExternalStore(queue.listen, () => queue.list);
  const isBusy = files.some(isOpen);
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isBusy]);
}

function queueOf(api: Api, collectionId: string): UploadQueue {
  const ofApi = queues.get(api) ?? new Map<string, UploadQueue>();
  queues.set(api, ofApi);
  const queue = ofApi.get(collectionId) ?? new UploadQueue(collectionId, api.files);
  ofApi.set(collectionId, queue);
  return queue;
}
