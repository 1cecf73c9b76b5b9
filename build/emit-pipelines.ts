import { ENDINGS, type Cause, type Ending } from "../src/lifecycle/reasons.js";
import { code, lines, table, text } from "./markdown.js";
import { membersIn, readExports, type Declared, type DocComment, type Exports, type Member } from "./read-types.js";

/** What `headway-api` and `headway-api/testing` are made from. */
const MAIN = "src/index.ts";
const TESTING = "src/testing.ts";

/** What each cause is, in a sentence for those who write stages. */
const CAUSES: Readonly<Record<Cause, string>> = {
  HANDLER_THREW: "The stage throws any other error.",
  PERMANENT_ERROR: "The stage throws `PermanentError`.",
  RETRY_LATER: "The stage throws `RetryLater`.",
  TIMED_OUT: "The stage runs longer than `timeoutMs`.",
  OUTPUT_REJECTED: "`check` rejects the output.",
  OUTPUT_UNSTORABLE: "The output, metadata, text, chunks or entities cannot be stored.",
  RESOURCE_LIMIT: "An isolated stage exceeds `timeoutMs` or `memoryLimitMiB`.",
  CHILD_DIED: "The child process of an isolated stage dies.",
  LEASE_LOST: "The worker dies or loses its lease while this is its only task.",
  LOST_BESIDE_OTHERS: "The worker dies or loses its lease while it runs several tasks.",
  INTERRUPTED: "The task is cancelled, or the worker shuts down.",
};
/** Of those whose code is not always the same. */
const CODES: Partial<Readonly<Record<Cause, string>>> = {
  HANDLER_THREW: "the error's `code` if it is valid for a `PermanentError`, otherwise `HANDLER_ERROR`",
  PERMANENT_ERROR: "the error's `code`",
  RETRY_LATER: "`RETRY_LATER`, at the end `RETRY_LATER_EXHAUSTED`",
};
const COUNTS: Readonly<Record<Ending["countsAs"], string>> = {
  attempt: "an attempt, up to `maxAttempts`",
  crash: "a crash, up to `HEADWAY_CRASH_LIMIT`",
  wait: "time, up to `retryLaterForMs`",
  nothing: "nothing",
};

/** Every export of the modules with its members, for whoever checks that all are described. */
export function publicTypes(): Record<string, Exports> {
  return readExports([MAIN, TESTING]);
}

/** The page docs/reference/pipelines.md. */
export function emitPipelines(types: Record<string, Exports> = publicTypes()): string {
  const page = new Page({ ...types });
  return lines(
    "# Pipelines",
    "",
    "Written by `npm run schema` from the types of `headway-api` and `headway-api/testing`. How to write, serve and test a",
    "pipeline is in [the guide](../guides/own-pipeline.md); the options of the built-in pipelines are in",
    "[pipeline-options.md](pipeline-options.md).",
    "",
    "## Declaring a pipeline",
    "",
    ...page.part("pipeline", "pipeline({ … })", { table: "PipelineHead" }),
    ...page.builder(),
    ...page.stageOptions(),
    ...page.part("Rate"),
    ...page.part("Backoff"),
    ...page.part("StagedCounts"),
    ...page.part("Stored", "What run may return", { hidesType: true }),
    ...page.part("Json"),
    "## Context of every stage",
    "",
    ...page.context("StageContext"),
    ...page.part("ArtifactWriter", "ctx.artifacts", { prefix: "ctx.artifacts." }),
    ...page.part("StageLogger", "ctx.logger", { prefix: "ctx.logger." }),
    ...page.part("WarningScope"),
    "## Context of a document stage",
    "",
    ...page.context("DocumentContext"),
    ...page.part("StageDocument", "ctx.document", { prefix: "ctx.document." }),
    ...page.part("FetchedSource"),
    ...page.part("StagedChunks", "ctx.chunks", { prefix: "ctx.chunks." }),
    ...page.part("ChunkDraft"),
    ...page.part("ChunkKind"),
    ...page.part("KeptContent"),
    "## Context of a collection stage",
    "",
    ...page.context("CollectionContext"),
    ...page.part("SettledDocument"),
    ...page.part("StagedEntities", "ctx.entities", { prefix: "ctx.entities." }),
    ...page.part("EntityDraft"),
    "## Errors",
    "",
    "The package exports `PermanentError` and `RetryLater`. Tell other errors apart by their `code`.",
    "",
    ...page.part("PermanentError"),
    ...page.part("RetryLater"),
    ...causes(),
    "## Testing",
    "",
    "`headway-api/testing` runs stages and pipelines in memory.",
    "",
    ...page.part("runStage"),
    ...page.part("StageSurroundings", "StageSurroundings", { isWhole: true }),
    ...page.part("StageResult"),
    ...page.part("runPipeline"),
    ...page.part("PipelineSurroundings", "PipelineSurroundings", { isWhole: true }),
    ...page.part("PipelineResult"),
    ...page.rest(TESTING),
    "## Other types",
    "",
    ...page.part("definePipeline"),
    ...page.rest(MAIN),
  );
}

interface PartStyle {
  /** Written before the name of each member. */
  readonly prefix?: string;
  /** The type whose members make the table; that of the part itself when absent. */
  readonly table?: string;
  /** Whether the table repeats the members of what the type extends. */
  readonly isWhole?: boolean;
  /** Where the description says it better. */
  readonly hidesType?: boolean;
}

/** The sections of the page; remembers which exports they are about. */
class Page {
  readonly #shown = new Set<string>();

  constructor(private readonly types: Record<string, Exports>) {}

  #get(name: string): Declared {
    const found = Object.values(this.types).flatMap((exports) => exports.get(name) ?? []);
    if (!found[0]) throw new Error(`The page of pipelines is about ${name}, which is not exported.`);
    this.#shown.add(name);
    return found[0];
  }

  /** A section about one export. */
  part(name: string, title = name, style: PartStyle = {}): string[] {
    const { prefix = "", table: of = name, isWhole = false, hidesType = false } = style;
    const declared = this.#get(name);
    const shown = this.#get(of);
    const bases = isWhole ? [] : this.#basesOf(shown);
    const inBases = new Set(bases.flatMap((base) => membersIn(base).map((member) => member.name)));
    const ownNames = new Set(shown.own.map((member) => member.name));
    const members = this.#membersOf(shown).filter((member) => ownNames.has(member.name) || !inBases.has(member.name));
    return [
      `### ${title}`,
      "",
      described(declared),
      "",
      ...(hidesType || of !== name ? [] : shape(declared, members.length > 0)),
      ...(bases.length === 0
        ? []
        : [`Has the members of ${bases.map((base) => code(base.name)).join(" and ")} too.`, ""]),
      ...(Object.keys(declared.params).length > 0 ? argumentList(declared) : []),
      ...memberTable(members, prefix),
    ];
  }

  /** The exported types that it extends; for a class they are no matter of who uses it. */
  #basesOf({ kind, extended }: Declared): Declared[] {
    if (kind === "class") return [];
    const isExported = ({ name }: Declared): boolean => Object.values(this.types).some((all) => all.has(name));
    return extended.flatMap((base) => (isExported(base) ? [base] : this.#basesOf(base)));
  }

  /** Those of `Omit<…> & { … }` as well, which is how the head of a pipeline is written. */
  #membersOf(declared: Declared): Member[] {
    const whole = /^Omit< ?(\w+), ([^>]+)>/.exec(declared.kind === "type" ? declared.type : "");
    if (!whole) return membersIn(declared);
    const left = [...whole[2]!.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
    // An option of the same name has been narrowed, and no more than that.
    const narrowed = left.filter((name) => new RegExp(`\\b${name}\\?: `).test(declared.type));
    return membersIn(this.#get(whole[1]!)).filter(({ name }) => !left.includes(name) || narrowed.includes(name));
  }

  builder(): string[] {
    const declared = this.#get("PipelineBuilder");
    const titles: Readonly<Record<string, string>> = {
      document: ".document(name, { … })",
      collection: ".collection(name, { … })",
      build: ".build()",
    };
    return membersIn(declared).flatMap((member) => [
      `### ${titles[member.name] ?? `.${member.name}`}`,
      "",
      described(member),
      "",
    ]);
  }

  /** What both kinds of stages take. */
  stageOptions(): string[] {
    const [ofDocument, ofCollection] = ["DocumentStage", "CollectionStage"].map((name) => membersIn(this.#get(name)));
    const runs = [ofDocument!, ofCollection!].map((all) => all.find(({ name }) => name === "run")!);
    const run = {
      ...runs[0]!,
      isMethod: false,
      type: "(ctx) => Promise<Output>",
      description: `In a document stage: ${low(runs[0]!.description)} In a collection stage: ${low(runs[1]!.description)}`,
    };
    const others = ofDocument!.filter(({ name }) => name !== "run" && name !== "name");
    const when = others
      .filter(({ name }) => name === "when")
      .map((member) => ({ ...member, type: member.type.replace("any", "Options") }));
    return [
      "### Options of a stage",
      "",
      "`.document` and `.collection` take the same options.",
      "",
      ...memberTable([run, ...when, ...others.filter(({ name }) => name !== "when")], ""),
    ];
  }

  context(name: string): string[] {
    const declared = this.#get(name);
    const flat = declared.own.flatMap((member) =>
      member.members.length === 0
        ? [member]
        : member.members.map((inner) => ({ ...inner, name: `${member.name}.${inner.name}` })),
    );
    return [described(declared), "", ...memberTable(flat, "ctx.")];
  }

  /** The exports that no section is about so far. */
  rest(module: string): string[] {
    const left = [...this.types[module]!.keys()].filter((name) => !this.#shown.has(name)).sort();
    return left.flatMap((name) => this.part(name));
  }
}

function shape({ kind, name, type, extended }: Declared, hasTable: boolean): string[] {
  if (kind === "type" && !hasTable) return [code(type), ""];
  if (kind === "class") return [code(`new ${name}${type === "" ? extended[0]!.type : type}`), ""];
  return kind === "function" ? [code(`${name}${type}`), ""] : [];
}

function argumentList({ params }: Declared): string[] {
  return [
    ...table(
      ["argument", "what it is"],
      Object.entries(params).map(([name, what]) => [code(name), text(what)]),
    ),
    "",
  ];
}

/** With a column of defaults where there is one; without one of types where a method's name says them already. */
function memberTable(members: readonly Member[], prefix: string): string[] {
  if (members.length === 0) return [];
  const hasMethods = members.some(({ isMethod }) => isMethod);
  const hasDefaults = members.some(({ isOptional }) => isOptional);
  const rows = members.map((member) => {
    const { what, byDefault } = apart(described(member));
    const name = prefix + member.name;
    const isPlain = !hasMethods || member.isMethod;
    return [
      code(member.isMethod ? name + member.type : isPlain ? name : `${name}: ${member.type}`),
      ...(hasMethods ? [] : [code(member.type)]),
      ...(hasDefaults ? [member.isOptional ? byDefault : "required"] : []),
      what,
    ];
  });
  const head = ["name", ...(hasMethods ? [] : ["type"]), ...(hasDefaults ? ["default"] : []), "what it is"];
  return [...table(head, rows), ""];
}

/** A description, and the default that its sentence "Default: …" names. */
export function apart(description: string): { readonly what: string; readonly byDefault: string } {
  const found = /\s*\bDefault: (.+?)\.(?=\s|$)/.exec(description);
  return { what: found ? description.replace(found[0], "").trim() : description, byDefault: found?.[1] ?? "" };
}

function described({ description, throws }: DocComment): string {
  const thrown = throws.map(({ type, when }) => {
    const named = when.replaceAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g, code);
    return `Throws ${code(type)}${named === "" ? "" : ` ${named}`}.`;
  });
  return text([description, ...thrown].join(" "));
}

function low(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function causes(): string[] {
  const rows = Object.entries<Ending>(ENDINGS).map(([cause, { again, code: fixed, countsAs }]) => [
    code(cause),
    CAUSES[cause as Cause],
    CODES[cause as Cause] ?? (fixed === null ? "" : code(fixed)),
    again === null ? "no" : "yes",
    COUNTS[countsAs],
  ]);
  return [
    "### Causes",
    "",
    "How a stage can end without an output, the code in `TaskError.code`, whether the stage runs again, and what it counts as.",
    "When nothing is left of what it counts as, the task fails. A cancelled task does not run again.",
    "",
    ...table(["cause", "what happens", "error code", "runs again", "counts as"], rows),
    "",
  ];
}
