const SECTOR = 512;
const END = 0xfffffffe;
const FREE = 0xffffffff;
const FAT = 0xfffffffd;

/** A compound file, the container of Office 97–2003, with these streams by their paths; each storage's parts hang in one row. */
export function compoundFile(streams: Readonly<Record<string, Buffer>>): Buffer {
  const entries: Entry[] = [{ name: "Root Entry", kind: 5, parent: -1, content: Buffer.alloc(0) }];
  const storages = new Map<string, number>([["", 0]]);
  for (const [path, content] of Object.entries(streams)) {
    const parts = path.split("/");
    let folder = "";
    for (const part of parts.slice(0, -1)) {
      const parent = storages.get(folder)!;
      folder = folder === "" ? part : `${folder}/${part}`;
      if (!storages.has(folder)) {
        storages.set(folder, entries.length);
        entries.push({ name: part, kind: 1, parent, content: Buffer.alloc(0) });
      }
    }
    entries.push({ name: parts.at(-1)!, kind: 2, parent: storages.get(folder)!, content });
  }
  const directory = Buffer.alloc(Math.ceil((entries.length * 128) / SECTOR) * SECTOR);
  const chains: number[] = [];
  const sectors: Buffer[] = [];
  const place = (content: Buffer): number => {
    if (content.length === 0) return END;
    const first = sectors.length;
    for (let at = 0; at < content.length; at += SECTOR) {
      const sector = Buffer.alloc(SECTOR);
      content.copy(sector, 0, at, Math.min(content.length, at + SECTOR));
      sectors.push(sector);
      chains.push(at + SECTOR < content.length ? sectors.length : END);
    }
    return first;
  };
  for (const [index, entry] of entries.entries()) {
    const at = index * 128;
    directory.write(entry.name, at, "utf16le");
    directory.writeUInt16LE(entry.name.length * 2 + 2, at + 64);
    directory[at + 66] = entry.kind;
    const siblings = entries.flatMap(({ parent }, other) => (parent === entry.parent && other > index ? [other] : []));
    const children = entries.flatMap(({ parent }, other) => (parent === index ? [other] : []));
    directory.writeUInt32LE(FREE, at + 68);
    directory.writeUInt32LE(index === 0 ? FREE : (siblings[0] ?? FREE), at + 72);
    directory.writeUInt32LE(children[0] ?? FREE, at + 76);
    directory.writeUInt32LE(place(entry.content), at + 116);
    directory.writeUInt32LE(entry.content.length, at + 120);
  }
  const directoryAt = place(directory);
  const fatSectors = Math.ceil((chains.length + 8) / (SECTOR / 4 - 1));
  const head = Buffer.alloc(SECTOR);
  head.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  head.writeUInt16LE(3, 26);
  head.writeUInt16LE(0xfffe, 28);
  head.writeUInt16LE(9, 30);
  head.writeUInt16LE(6, 32);
  head.writeUInt32LE(fatSectors, 44);
  head.writeUInt32LE(directoryAt, 48);
  // Nothing is so short that it would be kept among the short ones.
  head.writeUInt32LE(0, 56);
  head.writeUInt32LE(END, 60);
  head.writeUInt32LE(END, 68);
  for (let at = 76, index = 0; at < SECTOR; at += 4, index += 1) {
    head.writeUInt32LE(index < fatSectors ? chains.length + index : FREE, at);
  }
  const fat = Buffer.alloc(fatSectors * SECTOR, 0xff);
  for (const [index, next] of [...chains, ...Array.from({ length: fatSectors }, () => FAT)].entries()) {
    fat.writeUInt32LE(next, index * 4);
  }
  return Buffer.concat([head, ...sectors, fat]);
}

interface Entry {
  readonly name: string;
  readonly kind: number;
  readonly parent: number;
  readonly content: Buffer;
}
