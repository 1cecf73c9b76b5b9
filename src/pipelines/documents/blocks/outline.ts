import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { PieceKind } from "./block.js";
import type { Piece } from "./write.js";

/**
 * Where the pieces of a text are, small enough for a stage's output: some two bytes a piece. What is behind the last piece
 * that fits is cut as plain text.
 */
export interface Outline {
  /** Base64 of a deflated run of numbers, each piece as the difference to the one before. */
  readonly pieces: string;
  /** The parts that pieces come from, by number. */
  readonly parts: readonly string[];
}

const KINDS: readonly PieceKind[] = ["text", "heading", "lines", "item", "table", "code"];
const MAX_PIECES = 300_000;
const MAX_PARTS = 500;
const MAX_PART_LENGTH = 300;
/** A stage's output holds 1 MB. */
const MAX_LENGTH = 700_000;
const MAX_INFLATED_BYTES = 20_000_000;

export function packOutline(pieces: readonly Piece[]): Outline {
  const parts: string[] = [];
  const known = new Map<string, number>();
  const numbers: number[] = [];
  let [reached, page] = [0, 0];
  for (const piece of pieces.slice(0, MAX_PIECES)) {
    const kind = KINDS.indexOf(piece.kind) * 2 + (piece.isSlide ? 1 : 0);
    const nextPage = piece.page ?? 0;
    numbers.push(piece.start - reached, piece.end - piece.start, kind, Math.max(0, piece.level));
    numbers.push(
      signed(nextPage - page),
      partNumber(piece.part),
      piece.headEnd === null ? 0 : piece.headEnd - piece.start,
    );
    [reached, page] = [piece.end, nextPage];
  }
  const packed = deflateRawSync(bytesOf(numbers)).toString("base64");
  if (packed.length <= MAX_LENGTH) return { pieces: packed, parts };
  return packOutline(pieces.slice(0, Math.floor(Math.min(pieces.length, MAX_PIECES) / 2)));

  /** 0 is no part. */
  function partNumber(part: string | null): number {
    if (part === null) return 0;
    const name = part.slice(0, MAX_PART_LENGTH);
    const found = known.get(name);
    if (found !== undefined) return found;
    if (parts.length >= MAX_PARTS) return 0;
    known.set(name, parts.push(name));
    return parts.length;
  }
}

/** @throws {Error} for what packOutline did not write */
export function unpackOutline({ pieces, parts }: Outline): Piece[] {
  const numbers = numbersOf(inflateRawSync(Buffer.from(pieces, "base64"), { maxOutputLength: MAX_INFLATED_BYTES }));
  const found: Piece[] = [];
  let [reached, page] = [0, 0];
  for (let at = 0; at + 6 < numbers.length; at += 7) {
    const [gap, length, kind, level, turn, part, head] = numbers.slice(at, at + 7) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const start = reached + gap;
    page += unsigned(turn);
    found.push({
      start,
      end: start + length,
      kind: KINDS[kind >> 1] ?? "text",
      level,
      page: page === 0 ? null : page,
      isSlide: (kind & 1) === 1,
      part: parts[part - 1] ?? null,
      headEnd: head === 0 ? null : start + head,
    });
    reached = start + length;
  }
  return found;
}

/** Differences of both signs as numbers from 0. */
const signed = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unsigned = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);

/** Seven bits a byte, the lowest first. */
function bytesOf(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let value of numbers) {
    while (value >= 128) {
      bytes.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    bytes.push(value);
  }
  return Uint8Array.from(bytes);
}

function numbersOf(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    [value, scale] = [0, 1];
  }
  return numbers;
}
