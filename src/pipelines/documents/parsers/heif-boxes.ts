/** What a HEIF file says of its pictures, before any is decoded. */
export interface HeifFacts {
  /** The codes of the pictures to be seen, one for each: of no thumbnails, no tiles of others, no masks. */
  readonly codes: readonly string[];
  /** Of everything that is decoded, pictures and their tiles. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly hasAlpha: boolean;
  /** Whether a stretch of a picture was overwritten by nothing, as a broken transfer leaves it: decoders fill it with grey. */
  readonly isBlanked: boolean;
}

/** A photograph has a thumbnail and some 50 tiles; of what has more than this, the limit of time is the guard. */
const MAX_BOXES = 20_000;
const HIDDEN = 1;
/** What is a picture, or is made of others; other items are EXIF and the like. */
const PICTURE = /^(hvc1|grid|iovl|iden|av01|jpeg|unci|avc1|j2k1|vvc1)$/;
/** References of what belongs to another picture. */
const BELONGS = /^(thmb|auxl)$/;
/** HEVC has no three zeros in a row; between its pieces stand four bytes of length. */
const BLANK = Buffer.alloc(16);

/** @throws {Error} where the file has no such description, or it breaks off */
export function heifFacts(bytes: Uint8Array): HeifFacts {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = { boxes: MAX_BOXES };
  const outer = boxesIn(file, 0, left);
  const meta = outer.find(({ type }) => type === "meta")?.body;
  if (!meta) {
    const isShort = outer.some(({ type }) => type === "mini");
    throw new Error(isShort ? "unsupported: the short form of HEIF" : "it has no description of its pictures");
  }
  const parts = boxesIn(meta, 4, left);
  const bodyOf = (type: string): Buffer => parts.find((part) => part.type === type)?.body ?? Buffer.alloc(0);
  const properties = boxesIn(bodyOf("iprp"), 0, left).find(({ type }) => type === "ipco");
  const facts = boxesIn(properties?.body ?? Buffer.alloc(0), 0, left);
  const belonging = belongingIn(bodyOf("iref"), left);
  const items = itemsIn(bodyOf("iinf"), left);
  const pictures = items.filter(({ id, type }) => PICTURE.test(type) && !belonging.has(id));
  const coded = new Set(items.filter(({ type }) => type === "hvc1").map(({ id }) => id));
  return {
    codes: pictures.filter(({ isHidden }) => !isHidden).map(({ type }) => type),
    sizes: facts.filter(({ type }) => type === "ispe").map(({ body }) => sizeOf(body)),
    hasAlpha: facts.some(({ type, body }) => type === "auxC" && /alpha|auxid:1\0/.test(body.toString("latin1"))),
    isBlanked: placesIn(bodyOf("iloc")).some(
      ({ id, from, to }) => coded.has(id) && file.subarray(from, to).includes(BLANK),
    ),
  };
}

interface Box {
  readonly type: string;
  readonly body: Buffer;
}

function boxesIn(bytes: Buffer, from: number, left: { boxes: number }): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= bytes.length && left.boxes > 0; left.boxes -= 1) {
    const short = bytes.readUInt32BE(at);
    const isLong = short === 1;
    const head = isLong ? 16 : 8;
    // A size of none means: up to the end.
    const size = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? bytes.length - at : short;
    if (size < head) throw new Error("a box of it is shorter than its head");
    boxes.push({ type: bytes.toString("latin1", at + 4, at + 8), body: bytes.subarray(at + head, at + size) });
    at += size;
  }
  return boxes;
}

interface Item {
  readonly id: number;
  readonly type: string;
  readonly isHidden: boolean;
}

function itemsIn(body: Buffer, left: { boxes: number }): Item[] {
  return boxesIn(body, body[0] === 0 ? 6 : 8, left).flatMap(({ type, body: item }) => {
    if (type !== "infe" || item[0]! < 2) return [];
    const at = item[0] === 2 ? 6 : 8;
    return [
      {
        id: item.readUIntBE(4, at - 4),
        type: item.toString("latin1", at + 2, at + 6),
        isHidden: (item[3]! & HIDDEN) !== 0,
      },
    ];
  });
}

function belongingIn(body: Buffer, left: { boxes: number }): Set<number> {
  const width = body[0] === 0 ? 2 : 4;
  const references = boxesIn(body, 4, left).filter(({ type }) => BELONGS.test(type));
  return new Set(references.map(({ body: from }) => from.readUIntBE(0, width)));
}

function sizeOf(body: Buffer): { width: number; height: number } {
  return { width: body.readUInt32BE(4), height: body.readUInt32BE(8) };
}

interface Place {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/** Where in the file the items lie; those that lie elsewhere are no coded pictures. */
function placesIn(body: Buffer): Place[] {
  if (body.length < 8) return [];
  const version = body[0]!;
  let at = 6;
  const next = (size: number): number => {
    at += size;
    if (size === 8) return Number(body.readBigUInt64BE(at - 8));
    return size === 0 ? 0 : body.readUIntBE(at - size, size);
  };
  const [offsetSize, lengthSize, baseSize, indexSize] = [body[4]! >> 4, body[4]! & 15, body[5]! >> 4, body[5]! & 15];
  const wide = version < 2 ? 2 : 4;
  const places: Place[] = [];
  for (let items = next(wide); items > 0 && places.length < MAX_BOXES; items -= 1) {
    const id = next(wide);
    const isInFile = version === 0 || (next(2) & 15) === 0;
    next(2);
    const base = next(baseSize);
    for (let extents = next(2); extents > 0 && places.length < MAX_BOXES; extents -= 1) {
      if (version > 0) next(indexSize);
      const from = base + next(offsetSize);
      const to = from + next(lengthSize);
      if (isInFile) places.push({ id, from, to });
    }
  }
  return places;
}
