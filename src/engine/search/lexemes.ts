import { unitsOf } from "./atoms.js";

/** A tsvector has at most 1 MiB; what is behind in a longer chunk is found by its meaning alone. */
const MAX_SIZE_BYTES = 500_000;
/** Of the positions in a tsvector there are no more. */
const LAST_POSITION = 16_383;
/** Between the context and the text, so that no phrase goes from one into the other. */
const GAP = 10;

/** The word that every chunk of a collection has: one index answers "this collection, and this word". */
export function collectionLexeme(collectionId: string): string {
  return `'in:${collectionId}'`;
}

/** What a chunk is found by, as a tsvector: its text's words count more (A) than those of its context (D). */
export function lexemesOf(collectionId: string, { text, context }: { text: string; context?: string | null }): string {
  const lexemes: string[] = [collectionLexeme(collectionId)];
  let sizeBytes = 0;
  let position = 1;
  const take = (of: string, weight: "A" | ""): void => {
    const add = (word: string, at: number): void => {
      const lexeme = `'${word}':${Math.min(at, LAST_POSITION)}${weight}`;
      sizeBytes += Buffer.byteLength(lexeme);
      lexemes.push(lexeme);
    };
    for (const { atoms, joined } of unitsOf(of)) {
      if (sizeBytes > MAX_SIZE_BYTES) return;
      if (joined !== null) add(joined, position);
      for (const { word } of atoms) {
        // One unit may be longer than all that fits: a table without a space.
        if (sizeBytes > MAX_SIZE_BYTES) return;
        add(word, position++);
      }
    }
  };
  take(context ?? "", "");
  position += GAP;
  take(text, "A");
  return lexemes.join(" ");
}
