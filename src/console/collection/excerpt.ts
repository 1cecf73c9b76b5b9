import type { Place } from "../parts/highlighted.js";

/** A piece of a text, with the places in it that are marked. */
export interface Excerpt {
  readonly text: string;
  readonly places: readonly Place[];
  /** Whether it is less than the whole. */
  readonly isCut: boolean;
}

/** Characters of an excerpt, and of what is before its first place. */
const LENGTH = 420;
const BEFORE = 120;

/** About 420 characters around the first place, cut at blanks; an ellipsis stands where something is left out. */
export function excerptOf(text: string, places: readonly Place[]): Excerpt {
  if (text.length <= LENGTH * 1.2) return { text, places, isCut: false };
  const first = places[0]?.start ?? 0;
  const start = first <= BEFORE ? 0 : blankBehind(text, first - BEFORE, first);
  const end = start + LENGTH >= text.length ? text.length : blankBefore(text, start + LENGTH, start);
  const head = start > 0 ? "… " : "";
  const shift = head.length - start;
  return {
    text: `${head}${text.slice(start, end)}${end < text.length ? " …" : ""}`,
    places: places
      .filter((place) => place.start >= start && place.end <= end)
      .map((place) => ({ start: place.start + shift, end: place.end + shift })),
    isCut: true,
  };
}

function blankBehind(text: string, from: number, to: number): number {
  const blank = text.slice(from, to).search(/\s/);
  return blank === -1 ? from : from + blank + 1;
}

function blankBefore(text: string, at: number, least: number): number {
  const blank = Math.max(text.lastIndexOf(" ", at), text.lastIndexOf("\n", at));
  return blank > least ? blank : at;
}
