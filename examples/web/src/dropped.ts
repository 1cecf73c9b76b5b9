import type { Outgoing } from "./sending";

/** The files of a drop, those in folders too. Call it in the event itself: afterwards the browser has forgotten them. */
export async function filesOf(transfer: DataTransfer): Promise<Outgoing[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map(filesBelow))).flat();
}

/** The files of an input; of one with `webkitdirectory` by their paths. */
export function chosenIn(input: HTMLInputElement): Outgoing[] {
  const files = [...(input.files ?? [])];
  input.value = ""; // Else choosing the same files again is no change.
  return files.map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

async function filesBelow(entry: FileSystemEntry): Promise<Outgoing[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name: entry.fullPath.slice(1), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const below: Outgoing[] = [];
  for (;;) {
    // A reader gives at most a hundred at a time, and none at its end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return below;
    for (const one of some) below.push(...(await filesBelow(one)));
  }
}
