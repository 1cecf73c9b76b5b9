/** Turns of phrase that readers stumbled over, each with what to write instead. */
export type PlainRule = readonly [pattern: RegExp, instead: string];

/** Never, not even in a comment. */
export const NEVER: readonly PlainRule[] = [
  [/\bwhat came of\b/i, "result of"],
  [/\bwhat stands (?:at|beside|there)\b/i, "name the thing"],
  [/\b(?:where|there)(?:of|upon|unto)\b|\b(?:whence|thence|hither|thither|ere)\b/i, "the modern word"],
  [/\bnobody's word\b/i, "untrusted"],
  [/\bno news\b/i, "already known"],
  [/\bwhat is more\b/i, "say what exceeds which limit"],
  [/\b(?:is|are) to go\b/i, "is due to be removed"],
  [/\bcan(?:'|no)t be told\b/i, "say what cannot be done"],
  [/\bbe it (?:an?|the|by|in|from)\b/i, "whether … or …"],
  [/\bcame late\b/i, "was late"],
  [/\bset right\b/i, "corrected"],
  [/\bfor want of\b/i, "because there is no …"],
  [/\bfor ever\b/i, "forever, or without a limit"],
  [/\bholds? for each\b/i, "applies to each"],
];

/** Never where users read: the schema, the pages and the messages. */
export const NEVER_FOR_USERS: readonly PlainRule[] = [
  ...NEVER,
  [/(?:^|[.;] )of an? \w+[:,] /i, "begin with the noun"],
  [/\b(?:stands at|as (?:it|they|things) stands? now)\b/i, "is at, now"],
  [/\bwhere it was refused\b/i, "on failure"],
  [/\bno longer good\b/i, "no longer valid"],
  [/\b(?:can|is to|are to) be had\b/i, "is available"],
  [/\bwhat kept (?:it|all|them)\b/i, "why it failed"],
  [/\bwould be taken now\b/i, "would be accepted now"],
  [/\btells? of\b|\bis told of what\b/i, "reports, is notified of"],
  [/\banew\b/i, "again"],
  [/\bmends?\b|\bmended\b/i, "fix"],
  [/(?<!\bthere )\bis no (?:id|uuid|url|json|number|name|pipeline|intact|such)\b/i, "is not a …"],
  [/\bbeats? but\b/i, "sends heartbeats but"],
];

/** Every rule that the text breaks, with the words that break it. */
export function dialectIn(text: string, rules: readonly PlainRule[]): string[] {
  return rules.flatMap(([pattern, instead]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [`"${found[0].trim()}"; write: ${instead}`];
  });
}

/** The texts of four words or more that the code holds between quotes, with their lines. Statements of SQL and GraphQL are none. */
export function messagesIn(code: string): { readonly line: number; readonly text: string }[] {
  return code.split("\n").flatMap((source, index) => {
    if (/^\s*(?:\/\/|\/?\*)/.test(source)) return [];
    return [...source.matchAll(/"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
      .map(([, quoted, template]) => ({ line: index + 1, text: quoted ?? template ?? "" }))
      .filter(
        ({ text }) =>
          text.split(" ").length > 3 && !/^\s*(?:select|insert|update|with|delete|query|mutation)\b/.test(text),
      );
  });
}

/** The comments of a file, with their lines. */
export function commentsIn(code: string): { readonly line: number; readonly text: string }[] {
  return code.split("\n").flatMap((source, index) => {
    const found = /^\s*(?:\/\/|\/?\*+)\s?(.*)$|\s\/\/ (.*)$|^\s*-- (.*)$/.exec(source);
    const text = found?.[1] ?? found?.[2] ?? found?.[3];
    return text === undefined ? [] : [{ line: index + 1, text }];
  });
}
