import { useEffect, useState } from "react";
import { useClient } from "urql";
import { readMany } from "../api/read-many.js";
import { WorkerNamedDocument } from "../generated/operations.js";
import { workerIdIn } from "./passages.js";

/** How a worker is called on the page: where it runs, or the beginning of its id once it is forgotten. */
export type WorkerNames = (worker: string | null) => string | null;

/** The names of these workers (`worker:<id>`), read once each. */
export function useWorkerNames(workers: readonly (string | null)[]): WorkerNames {
  const client = useClient();
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = [...new Set(workers.map(workerIdIn).filter((id) => id !== null))].toSorted().join();
  useEffect(() => {
    if (wanted === "") return;
    let isCurrent = true;
    void readMany(client, WorkerNamedDocument, wanted.split(",")).then((found) => {
      const known = found.flatMap((node) =>
        "hostname" in node ? [[node.id, `${node.hostname}, process ${node.pid}`] as const] : [],
      );
      if (isCurrent) setNames(new Map(known));
    });
    return () => void (isCurrent = false);
  }, [client, wanted]);
  return (worker) => {
    const id = workerIdIn(worker);
    return id === null ? worker : (names.get(id) ?? `worker ${id.slice(0, 8)}`);
  };
}
