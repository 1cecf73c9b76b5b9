import type { ReactNode } from "react";

/** From where to where, in UTF-16 code units. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A text with some of its places marked; places are in order and do not overlap. */
export function Highlighted({ text, places }: { readonly text: string; readonly places: readonly Place[] }) {
  if (places.length === 0) return text;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { start, end } of places) {
    if (start < at) continue;
    parts.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  return [...parts, text.slice(at)];
}

/** Where a text has another one, without regard to case. */
export function placesOf(text: string, wanted: string): readonly Place[] {
  if (wanted === "") return [];
  const [low, lowWanted] = [text.toLowerCase(), wanted.toLowerCase()];
  // Where small letters are longer than capital ones, no place is better than a wrong one.
  if (low.length !== text.length) return [];
  const places: Place[] = [];
  for (let at = low.indexOf(lowWanted); at !== -1; at = low.indexOf(lowWanted, at + lowWanted.length)) {
    places.push({ start: at, end: at + lowWanted.length });
  }
  return places;
}
