import { unzipSync, type UnzipFileInfo } from "fflate";
import { PermanentError, messageOf } from "../../../errors.js";
import { factsOf } from "./parsed.js";
import type { Json } from "../../pipeline.js";
import { readXml, textOf, find } from "./office-xml.js";

/** Office documents of hundreds of pages stay far below these. */
const MAX_ENTRIES = 20_000;
const MAX_EXPANDED_BYTES = 300_000_000;

/** A ZIP container such as office documents are. */
export interface Archive {
  /** Of its entries, with "/" between folders. */
  readonly names: readonly string[];
  /** The entry of that name, or of one that differs in case alone; null where there is none. */
  nameOf(wanted: string): string | null;
  /** The content of the entry that `nameOf` finds; null where there is none. Never longer than the directory says. */
  read(name: string): Uint8Array | null;
}

/**
 * Opens a container after a look at its directory, before anything is expanded.
 * @throws {PermanentError} ENCRYPTED_DOCUMENT; MALFORMED_DOCUMENT; RESOURCE_LIMIT when it would expand to too much
 */
export function openArchive(bytes: Uint8Array, name: string): Archive {
  if (isCompoundFile(bytes)) throw encrypted(name);
  const entries = directoryOf(bytes, name);
  if (entries.length > MAX_ENTRIES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} is a container of ${entries.length} files; the limit is ${MAX_ENTRIES}. Split it.`,
    );
  }
  const expandedBytes = entries.reduce((sum, { originalSize }) => sum + originalSize, 0);
  if (expandedBytes > MAX_EXPANDED_BYTES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} would expand from ${bytes.length} to ${expandedBytes} bytes; the limit is ${MAX_EXPANDED_BYTES}. Split it.`,
    );
  }
  if (isEncrypted(bytes)) throw encrypted(name);
  // Some programs write the separators of their own system, or other cases than their relations name.
  const names = entries.map((entry) => entry.name.replaceAll("\\", "/"));
  const placed = names.map((one, index) => [one, index] as const).toReversed(); // Of two alike the first counts.
  const exact = new Map(placed);
  const inLowerCase = new Map(placed.map(([one, index]) => [one.toLowerCase(), index]));
  const placeOf = (wanted: string): number | undefined => exact.get(wanted) ?? inLowerCase.get(wanted.toLowerCase());
  return {
    names,
    nameOf: (wanted) => names[placeOf(wanted) ?? -1] ?? null,
    read: (wanted) => {
      const place = placeOf(wanted);
      return place === undefined ? null : expanded(bytes, name, entries[place]!.name);
    },
  };
}

/** What OPC containers (docx, pptx, xlsx) say of themselves. Empty where they say nothing or are broken. */
export function coreFactsOf(archive: Archive): Record<string, Json> {
  try {
    const core = archive.read("docProps/core.xml");
    const app = archive.read("docProps/app.xml");
    const root = core && readXml(core, "docProps/core.xml");
    const valueOf = (element: string): string => (root ? find(root, element).map(textOf).join(" ") : "");
    return factsOf({
      title: valueOf("dc:title"),
      creator: valueOf("dc:creator"),
      subject: valueOf("dc:subject"),
      description: valueOf("dc:description"),
      keywords: valueOf("cp:keywords"),
      language: valueOf("dc:language"),
      created: valueOf("dcterms:created"),
      modified: valueOf("dcterms:modified"),
      producer: app ? find(readXml(app, "docProps/app.xml"), "Application").map(textOf).join(" ") : "",
    });
  } catch {
    return {}; // What a document says of itself is no reason to refuse it.
  }
}

function directoryOf(bytes: Uint8Array, name: string): UnzipFileInfo[] {
  const entries: UnzipFileInfo[] = [];
  try {
    unzipSync(bytes, {
      filter: (entry) => {
        entries.push(entry);
        return false;
      },
    });
  } catch (error) {
    throw malformed(name, messageOf(error));
  }
  if (entries.length === 0) throw malformed(name, "its container is empty");
  return entries;
}

function expanded(bytes: Uint8Array, name: string, wanted: string): Uint8Array | null {
  let taken = false;
  try {
    // The first of a name; a second one is how two readers are shown two contents.
    const found = unzipSync(bytes, { filter: (entry) => !taken && (taken = entry.name === wanted) });
    return found[wanted] ?? null;
  } catch (error) {
    throw malformed(name, `${wanted}: ${messageOf(error)}`);
  }
}

/** The flag of the first local header: containers are encrypted whole or not at all. */
function isEncrypted(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && (bytes[6]! & 1) === 1;
}

/** Office documents with a password are no ZIP but an OLE compound file around one. */
function isCompoundFile(bytes: Uint8Array): boolean {
  return [0xd0, 0xcf, 0x11, 0xe0].every((byte, index) => bytes[index] === byte);
}

/** @internal Said alike of every container. */
export function encrypted(name: string): PermanentError {
  return new PermanentError("ENCRYPTED_DOCUMENT", `${name} is protected by a password; send an unprotected copy.`);
}

function malformed(name: string, why: string): PermanentError {
  return new PermanentError("MALFORMED_DOCUMENT", `${name} is not a valid container (${why}); send an intact copy.`);
}
