import { useEffect, useEffectEvent } from "react";
import { useApi, type Api } from "../api/api.js";
import { isOpen, UploadQueue } from "./upload-queue.js";

const queues = new WeakMap<Api, Map<string, UploadQueue>>();

/** What is sent to a collection. It goes on while somebody looks at another screen, and ends with the page or the session. */
export function useUploads(collectionId: string, onAdded: () => void): UploadQueue {
  const api = useApi();
  const queue = queueOf(api, collectionId);
  const added = useEffectEvent(onAdded);
  useEffect(() => queue.onAdded(() => added()), [queue]);
  return queue;
}

function queueOf(api: Api, collectionId: string): UploadQueue {
  const ofApi = queues.get(api) ?? new Map<string, UploadQueue>();
  queues.set(api, ofApi);
  const known = ofApi.get(collectionId);
  if (known) return known;
  const queue = new UploadQueue(collectionId, api.files);
  ofApi.set(collectionId, queue);
  guard(queue);
  api.closed.addEventListener("abort", () => queue.cancel(), { once: true });
  return queue;
}

/** While anything is on its way, the browser asks before it leaves the page, whatever screen is shown. */
function guard(queue: UploadQueue): void {
  const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
  queue.listen(() => {
    if (queue.list.files.some(isOpen)) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  });
}
