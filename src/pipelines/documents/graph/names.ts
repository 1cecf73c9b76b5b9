import nlp from "compromise";
import type { NamedEntityType } from "../../../model/named-entity-types.js";
import type { FoundName } from "./mentions.js";

/** What a tagger of prose takes for names in lists, tables and headings. */
const NO_NAMES = new Set(
  "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december mr mrs ms dr sir he she they we you it i".split(
    " ",
  ),
);
const MAX_NAME_LENGTH = 80;

/** The people, places and organizations that an English passage names, each as often as it does, in no special order. */
export function namesIn(passage: string): FoundName[] {
  const text = nlp(passage);
  const lists: readonly (readonly [NamedEntityType, readonly string[]])[] = [
    ["PERSON", text.people().out("array") as string[]],
    ["PLACE", text.places().out("array") as string[]],
    ["ORGANIZATION", text.organizations().out("array") as string[]],
  ];
  return lists.flatMap(([type, names]) =>
    names.flatMap((raw) => {
      const name = cleaned(raw);
      return name === null ? [] : [{ name, type }];
    }),
  );
}

/** Without the marks around it and the possessive; null for what is no name. */
function cleaned(raw: string): string | null {
  const name = raw
    .normalize("NFC")
    .replace(/\s+/g, " ")
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}.)]+$/gu, "")
    .replace(/['’]s?$/u, "")
    .replace(/(\p{Ll})\.$/u, "$1")
    .trim();
  const isName =
    name.length >= 2 &&
    name.length <= MAX_NAME_LENGTH &&
    /^[\p{Lu}\p{N}]/u.test(name) &&
    /\p{L}{2}/u.test(name) &&
    !/[\n\t|<>{}=\\/@:;]|\d{4,}/.test(name) &&
    !NO_NAMES.has(name.toLowerCase());
  return isName ? name : null;
}
