import { PermanentError } from "../../../errors.js";
import { declaredEncoding } from "../../decode-text.js";
import type { Json } from "../../pipeline.js";
import type { Block } from "../blocks/block.js";
import { encrypted, openArchive, type Archive } from "./archive.js";
import { htmlBlocks } from "./html.js";
import { find, readXml, textOf, type XmlNode } from "./office-xml.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";
import { readPictures } from "./pictures.js";

/** Fonts that are scrambled so that nobody copies them; the text is not. */
const SCRAMBLED_FONT = /^http:\/\/(www\.idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC)$/;
/** What a book of a thousand chapters stays below; one chapter listed over and over would not. */
const MAX_CHAPTERS = 5_000;

/** Chapter by chapter in the order in which a reader turns the pages, then the text in pictures. */
export async function parseEpub(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  if (isLocked(archive)) throw encrypted(name);
  const place = packageOf(archive, name);
  const root = readXml(archive.read(place)!, place);
  const items = new Map(find(root, "item").map(({ attributes }) => [attributes.id ?? "", attributes]));
  const chapters = [
    ...new Set(
      find(root, "itemref").flatMap(({ attributes }) => {
        const href = items.get(attributes.idref ?? "")?.href;
        return href === undefined ? [] : [besides(place, href)];
      }),
    ),
  ];
  if (chapters.length > MAX_CHAPTERS) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${chapters.length} chapters; the limit is ${MAX_CHAPTERS}. Split it.`,
    );
  }
  const blocks: Block[] = [];
  let missing = 0;
  for (const [index, chapter] of chapters.entries()) {
    const page = archive.read(chapter);
    if (!page) {
      missing += 1;
      continue;
    }
    const { text } = readText(page, chapter, aid, declaredEncoding(page));
    for (const block of htmlBlocks(text, aid.menus).blocks) blocks.push(block);
    aid.progress((index + 1) / chapters.length, `chapter ${index + 1} of ${chapters.length}`);
  }
  if (missing > 0) {
    aid.warn("PART_UNREAD", `${name} names ${missing} chapters that are not in the file.`, { count: missing });
  }
  const pictures = await readPictures(archive, "", name, aid);
  return { blocks: [...blocks, ...pictures], metadata: factsOfBook(root) };
}

/** @throws {PermanentError} MALFORMED_DOCUMENT where the book does not say what it is made of */
function packageOf(archive: Archive, name: string): string {
  const container = archive.read("META-INF/container.xml");
  const named = container
    ? find(readXml(container, "META-INF/container.xml"), "rootfile")[0]?.attributes["full-path"]
    : "";
  const place = archive.nameOf(named ?? "") ?? archive.names.find((entry) => entry.toLowerCase().endsWith(".opf"));
  if (place !== undefined) return place;
  throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no list of its chapters inside; send an intact copy.`);
}

function isLocked(archive: Archive): boolean {
  const xml = archive.read("META-INF/encryption.xml");
  if (!xml) return false;
  const methods = find(readXml(xml, "META-INF/encryption.xml"), "enc:EncryptionMethod");
  const all = [...methods, ...find(readXml(xml, "META-INF/encryption.xml"), "EncryptionMethod")];
  return all.some(({ attributes }) => !SCRAMBLED_FONT.test(attributes.Algorithm ?? ""));
}

/** The entry that an address in the list of chapters means. */
function besides(place: string, href: string): string {
  const path = href.split("#", 1)[0]!;
  const base = new URL(place.split("/").map(encodeURIComponent).join("/"), "epub://book/");
  try {
    return decodeURIComponent(new URL(path, base).pathname).replace(/^\/+/, "");
  } catch {
    return path; // An address that is none: then it is no entry either.
  }
}

function factsOfBook(root: XmlNode): Record<string, Json> {
  const valuesOf = (element: string): string[] => find(root, element).map(textOf);
  const modified = find(root, "meta").find(({ attributes }) => attributes.property === "dcterms:modified");
  const creators = valuesOf("dc:creator");
  return factsOf({
    title: valuesOf("dc:title")[0],
    creator: creators.length > 1 ? creators : creators[0],
    language: valuesOf("dc:language")[0],
    subject: valuesOf("dc:subject"),
    description: valuesOf("dc:description")[0],
    publisher: valuesOf("dc:publisher")[0],
    identifier: valuesOf("dc:identifier")[0],
    created: valuesOf("dc:date")[0],
    modified: modified ? textOf(modified) : undefined,
  });
}
