/** A file with the name that its document gets: its path within the folder that it came in. */
export interface FoundFile {
  readonly name: string;
  readonly file: File;
}

/** What was found, and how many files were left out that systems put into folders by themselves. */
export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly leftOut: number;
}

/** What systems leave in folders, and nobody means to process. */
const LEFT_OUT = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/i;

/** The files that were dropped, those in folders and below them too. */
export async function filesOfDrop(dropped: DataTransfer): Promise<FoundFiles> {
  // The list is empty once the event is over, so all entries are taken before the first is waited for.
  const taken = [...dropped.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: FoundFile[] = [];
  for (const { entry, file } of taken) {
    if (entry?.isDirectory) await readFolder(entry as FileSystemDirectoryEntry, found);
    else if (file) found.push({ name: file.name, file });
  }
  return sifted(found);
}

/** The files that were chosen; of a folder each has its path. */
export function filesOfInput(files: FileList): FoundFiles {
  return sifted([...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
}

function sifted(found: readonly FoundFile[]): FoundFiles {
  const files = found.filter(({ name }) => !LEFT_OUT.test(name));
  return { files, leftOut: found.length - files.length };
}

async function readFolder(folder: FileSystemDirectoryEntry, found: FoundFile[]): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // A hundred at a time, until none are left.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.isDirectory) await readFolder(entry as FileSystemDirectoryEntry, found);
      else {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        found.push({ name: entry.fullPath.replace(/^\//, ""), file });
      }
    }
  }
}
