import { registerEnumType } from "type-graphql";

type EnumObject<Word extends string> = { readonly [Key in Word]: Key };

/** The words as an object, which is what type-graphql takes for an enum. */
export function enumOf<Word extends string>(
  name: string,
  description: string,
  words: readonly Word[],
  meanings: Partial<Record<Word, string>> = {},
): EnumObject<Word> {
  const object = Object.fromEntries(words.map((word) => [word, word])) as EnumObject<Word>;
  const valuesConfig = Object.fromEntries(
    (Object.entries(meanings) as [Word, string][]).map(([word, text]) => [word, { description: text }]),
  );
  registerEnumType(object, { name, description, valuesConfig: valuesConfig as never });
  return object;
}
