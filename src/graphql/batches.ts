import DataLoader from "dataloader";

type Rows<T> = (keys: readonly string[]) => Promise<readonly T[]>;

/** Loads the one row of each key; null where there is none, or none that is seen. */
export function one<T>(
  rows: Rows<T>,
  keyOf: (row: T) => string,
  isSeen: (row: T) => boolean = () => true,
): DataLoader<string, T | null> {
  return new DataLoader(async (keys) => {
    const byKey = new Map((await rows(keys)).filter(isSeen).map((row) => [keyOf(row), row]));
    return keys.map((key) => byKey.get(key) ?? null);
  });
}

/** Loads all rows of each key. */
export function many<T>(rows: Rows<T>, keyOf: (row: T) => string): DataLoader<string, T[]> {
  return new DataLoader(async (keys) => {
    const byKey = new Map<string, T[]>(keys.map((key) => [key, []]));
    for (const row of await rows(keys)) byKey.get(keyOf(row))?.push(row);
    return keys.map((key) => byKey.get(key)!);
  });
}

/** Loads what a read finds for each key; null where it finds nothing. */
export function ofMap<T>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): DataLoader<string, T | null> {
  return new DataLoader(async (keys) => {
    const found = await read(keys);
    return keys.map((key) => found.get(key) ?? null);
  });
}
