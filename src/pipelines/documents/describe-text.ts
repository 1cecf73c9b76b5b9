import type { Json } from "../pipeline.js";

/** Of the text, for telling its language: more does not make it surer. */
const SAMPLE_LENGTH = 5_000;
/** Fewer letters tell no language from its neighbours. */
const MIN_LETTERS = 250;
/** Of all that is kept of a document, as JSON. */
const MAX_LENGTH = 16_000;

/** What is known of a document with its language where it does not name one, cut to what is kept. */
export async function described(facts: Readonly<Record<string, Json>>, text: string): Promise<Record<string, Json>> {
  const language = facts.language === undefined ? await languageOf(text) : null;
  return bounded(language === null ? facts : { ...facts, language });
}

/** A tag of BCP 47 such as "en"; null where the text is too short to tell. */
async function languageOf(text: string): Promise<string | null> {
  const sample = text.slice(0, SAMPLE_LENGTH).replace(/[^\p{L}\p{M}\s]+/gu, " ");
  if ((sample.match(/\p{L}/gu)?.length ?? 0) < MIN_LETTERS) return null;
  const { franc } = await import("franc");
  const found = franc(sample);
  return found === "und" ? null : (Intl.getCanonicalLocales(found)[0] ?? null);
}

/** The facts in their order, as far as they fit. */
function bounded(facts: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  const kept: Record<string, Json> = {};
  let left = MAX_LENGTH;
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    left -= name.length + JSON.stringify(value).length + 4;
    if (left >= 0) kept[name] = value;
  }
  return kept;
}
