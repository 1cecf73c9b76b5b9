import { PermanentError } from "../../../errors.js";
import type { ParseAid } from "./parsed.js";

/** A stream or storage of a compound file, by its path from the root. */
export interface CompoundEntry {
  readonly path: string;
  readonly isStorage: boolean;
  readonly sizeBytes: number;
}

/** The container of Office 97–2003 and Outlook ([MS-CFB]): a file system in a file. */
export interface Compound {
  readonly entries: readonly CompoundEntry[];
  /** What lies in the storage of that path, and not deeper; "" is the root. */
  inside(storage: string): readonly CompoundEntry[];
  /**
   * The content of the stream of that path; null where there is none. Shorter than it should be where the file breaks off,
   * which is warned.
   * @throws {PermanentError} MALFORMED_DOCUMENT where its pieces lead in a circle, or streams share theirs over and over
   */
  read(path: string): Buffer | null;
}

interface Entry extends CompoundEntry {
  readonly start: number;
  /** Whether the file is too short for what it is said to hold. */
  readonly isBeyond: boolean;
}

const SIGNATURE = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
const LAST_SECTOR = 0xfffffffa;
const NO_ENTRY = 0xffffffff;
const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 30;
/** Intact files have each byte in one stream, which may be read more than once. */
const MAX_READ_SHARE = 20;

/** What breaks off is told to `aid`. @throws {PermanentError} MALFORMED_DOCUMENT, RESOURCE_LIMIT */
export function openCompound(bytes: Uint8Array, name: string, aid?: Pick<ParseAid, "warn">): Compound {
  const file = new CompoundFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  const entries = file.entries();
  const told = new Set<string>();
  const tell = (what: string): void => {
    if (told.has(what)) return;
    told.add(what);
    aid?.warn("PART_UNREAD", `${what} of ${name} breaks off; what follows is lost.`, { count: 1 });
  };
  if (file.isCut) tell("The list of parts");
  const byStorage = new Map<string, CompoundEntry[]>();
  for (const entry of entries) {
    const storage = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
    const inside = byStorage.get(storage);
    if (inside) inside.push(entry);
    else byStorage.set(storage, [entry]);
  }
  // Names that differ in case alone are one to the system that the container comes from.
  const byPath = new Map(entries.toReversed().map((entry) => [entry.path.toLowerCase(), entry]));
  return {
    entries,
    inside: (storage) => byStorage.get(storage) ?? [],
    read: (path) => {
      const entry = byPath.get(path.toLowerCase());
      if (entry === undefined || entry.isStorage) return null;
      const content = file.content(entry);
      if (entry.isBeyond || content.length < entry.sizeBytes) tell(`The part "${entry.path}"`);
      return content;
    },
  };
}

class CompoundFile {
  readonly #bytes: Buffer;
  readonly #name: string;
  readonly #sectorSize: number;
  readonly #fat: Buffer;
  readonly #miniSize: number;
  readonly #miniFat: Buffer;
  readonly #miniBelow: number;
  #mini: Buffer | null = null;
  #root: Entry | null = null;
  #readBytes = 0;
  /** Whether a list that must be whole is not. */
  isCut = false;

  constructor(bytes: Buffer, name: string) {
    this.#bytes = bytes;
    this.#name = name;
    if (bytes.length < 512 || !bytes.subarray(0, 8).equals(SIGNATURE)) throw this.#broken("its head is missing");
    const [shift, miniShift] = [bytes.readUInt16LE(30), bytes.readUInt16LE(32)];
    if (shift < 7 || shift > 16 || miniShift < 4 || miniShift >= shift) throw this.#broken("its head makes no sense");
    this.#sectorSize = 1 << shift;
    this.#miniSize = 1 << miniShift;
    this.#miniBelow = bytes.readUInt32LE(56);
    this.#fat = this.#allocation();
    this.#miniFat = this.#chain(bytes.readUInt32LE(60), Infinity);
  }

  /** Every entry that the directory's tree leads to; one that leads back is left out. */
  entries(): Entry[] {
    const directory = this.#chain(this.#bytes.readUInt32LE(48), Infinity);
    const count = Math.floor(directory.length / 128);
    if (count === 0) throw this.#broken("its directory is missing");
    const root = this.#entryAt(directory, 0, "");
    this.#root = { ...root, isStorage: false };
    const seen = new Set<number>([0]);
    const found: Entry[] = [];
    const open = [{ at: directory.readUInt32LE(76), folder: "", depth: 0 }];
    while (open.length > 0) {
      const { at, folder, depth } = open.pop()!;
      if (at === NO_ENTRY || at >= count || seen.has(at) || depth > MAX_DEPTH) continue;
      seen.add(at);
      if (found.length >= MAX_ENTRIES) {
        throw new PermanentError(
          "RESOURCE_LIMIT",
          `${this.#name} is a container of more than ${MAX_ENTRIES} parts, which is the limit.`,
        );
      }
      const entry = this.#entryAt(directory, at, folder);
      found.push(entry);
      const place = at * 128;
      open.push({ at: directory.readUInt32LE(place + 72), folder, depth });
      open.push({ at: directory.readUInt32LE(place + 68), folder, depth });
      if (entry.isStorage) {
        open.push({ at: directory.readUInt32LE(place + 76), folder: `${entry.path}/`, depth: depth + 1 });
      }
    }
    return found;
  }

  content({ start, sizeBytes }: Entry): Buffer {
    this.#readBytes += sizeBytes;
    if (this.#readBytes > this.#bytes.length * MAX_READ_SHARE) throw this.#broken("its streams share their pieces");
    if (sizeBytes >= this.#miniBelow || this.#root === null) return this.#chain(start, sizeBytes);
    this.#mini ??= this.#chain(this.#root.start, this.#root.sizeBytes);
    const pieces: Buffer[] = [];
    const sectors = Math.ceil(sizeBytes / this.#miniSize);
    for (let sector = start; pieces.length < sectors && sector < LAST_SECTOR;) {
      pieces.push(this.#mini.subarray(sector * this.#miniSize, (sector + 1) * this.#miniSize));
      if (sector * 4 + 4 > this.#miniFat.length) break;
      sector = this.#miniFat.readUInt32LE(sector * 4);
    }
    return Buffer.concat(pieces).subarray(0, sizeBytes);
  }

  #entryAt(directory: Buffer, index: number, folder: string): Entry {
    const at = index * 128;
    const sizeBytes = directory.readUInt32LE(at + 120);
    const length = Math.min(64, Math.max(0, directory.readUInt16LE(at + 64) - 2));
    const kind = directory[at + 66];
    return {
      path: folder + directory.toString("utf16le", at, at + length),
      isStorage: kind === 1 || kind === 5,
      start: directory.readUInt32LE(at + 116),
      sizeBytes: Math.min(sizeBytes, this.#bytes.length),
      isBeyond: sizeBytes > this.#bytes.length,
    };
  }

  /** Which sector follows which: a list that itself stands in sectors, listed in the head and behind it. */
  #allocation(): Buffer {
    const listed: number[] = [];
    for (let at = 76; at < 512; at += 4) listed.push(this.#bytes.readUInt32LE(at));
    const perSector = this.#sectorSize / 4 - 1;
    const seen = new Set<number>();
    for (let sector = this.#bytes.readUInt32LE(68); sector < LAST_SECTOR && !seen.has(sector);) {
      seen.add(sector);
      const list = this.#sector(sector);
      if (list.length < this.#sectorSize) {
        this.isCut = true;
        break;
      }
      for (let index = 0; index < perSector; index += 1) listed.push(list.readUInt32LE(index * 4));
      sector = list.readUInt32LE(perSector * 4);
    }
    return Buffer.concat([...new Set(listed)].filter((one) => one < LAST_SECTOR).map((one) => this.#sector(one)));
  }

  /** The sectors from `start` on, one after the other, up to `sizeBytes`. */
  #chain(start: number, sizeBytes: number): Buffer {
    const pieces: Buffer[] = [];
    const most = Math.ceil(this.#bytes.length / this.#sectorSize);
    let length = 0;
    for (let sector = start; sector < LAST_SECTOR && length < sizeBytes;) {
      if (pieces.length > most) throw this.#broken("its pieces lead in a circle");
      const piece = this.#sector(sector);
      // Of a list without a length, its end is where the chain says so.
      const isLost = piece.length === 0 || sector * 4 + 4 > this.#fat.length;
      if (isLost && sizeBytes === Infinity) this.isCut = true;
      pieces.push(piece);
      length += piece.length;
      if (isLost) break;
      sector = this.#fat.readUInt32LE(sector * 4);
    }
    const all = Buffer.concat(pieces);
    return all.length > sizeBytes ? all.subarray(0, sizeBytes) : all;
  }

  #sector(index: number): Buffer {
    const at = (index + 1) * this.#sectorSize;
    return this.#bytes.subarray(Math.min(at, this.#bytes.length), at + this.#sectorSize);
  }

  #broken(why: string): PermanentError {
    return new PermanentError(
      "MALFORMED_DOCUMENT",
      `${this.#name} is not a valid compound file (${why}); send an intact copy.`,
    );
  }
}
