import { builtInOptions, type OptionRow } from "../build/emit-options.js";
import { apart, emitPipelines, publicTypes } from "../build/emit-pipelines.js";
import { membersIn, type Declared, type Exports, type Member } from "../build/read-types.js";
import {
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MEMORY_LIMIT_MIB,
  DEFAULT_RETRY_LATER_FOR_MS,
  DEFAULT_STAGE_TIMEOUT_MS,
} from "../src/pipelines/stage-settings.js";
import { dialectIn, NEVER_FOR_USERS } from "./support/plain-words.js";

interface Place {
  readonly place: string;
  readonly description: string;
  readonly isOptional: boolean;
}

function placesOf(name: string, members: readonly Member[]): Place[] {
  return members.flatMap((member) => {
    const place = `${name}.${member.name}`;
    // What is inside of an option is described with it.
    const isNamed = member.members.length > 0 && !member.isOptional;
    return [{ ...member, place }, ...(isNamed ? placesOf(place, member.members) : [])];
  });
}

/** Everything that a person who imports the package can name, with its members. */
function placesIn(types: Readonly<Record<string, Exports>>): Place[] {
  return Object.values(types)
    .flatMap((exports) => [...exports.values()])
    .flatMap((declared) => [
      { place: declared.name, description: declared.description, isOptional: false },
      ...placesOf(declared.name, membersIn(declared)),
    ]);
}

/** Why a description does not help; null where it does. */
function faultOf({ description }: Pick<Place, "description">): string | null {
  if (description.trim() === "") return "has no description";
  if (!/[.…]$/.test(description)) return "does not end with a full stop";
  if (/^(?:Who|Whom|Whose|Which|How|What) /.test(description)) return "begins with a question word";
  return dialectIn(description, NEVER_FOR_USERS)[0] ?? null;
}

const faultsOf = (all: readonly Place[]): string[] =>
  all.flatMap((one) => {
    const fault = faultOf(one);
    const hasDefault = !one.isOptional || apart(one.description).byDefault !== "";
    return [
      ...(fault === null ? [] : [`${one.place} ${fault}`]),
      ...(hasDefault ? [] : [`${one.place} has no default`]),
    ];
  });

describe("the reference of pipelines", () => {
  let types: Record<string, Exports>;
  let page: string;
  beforeAll(() => {
    types = publicTypes();
    page = emitPipelines(types);
  });
  const named = (name: string): Declared => Object.values(types).flatMap((exports) => exports.get(name) ?? [])[0]!;

  test("is of types whose exports, options and members of ctx all have a description, and a default where they may be absent", () => {
    const places = placesIn(types);
    expect(faultsOf(places)).toEqual([]);
    expect(places.length).toBeGreaterThan(200);
  });

  test("would notice one that has none", () => {
    const comment = { params: {}, throws: [] };
    const member = { ...comment, type: "number", isMethod: false, members: [] };
    const planted: Declared = {
      ...comment,
      name: "Planted",
      kind: "interface",
      type: "",
      description: "Planted type.",
      extended: [],
      own: [
        { ...member, name: "bare", description: "", isOptional: false },
        { ...member, name: "open", description: "Number of things.", isOptional: true },
        { ...member, name: "riddle", description: "What it is of.", isOptional: false },
        { ...member, name: "good", description: "Number of things. Default: 3.", isOptional: true },
      ],
    };
    expect(faultsOf(placesIn({ "planted.ts": new Map([["Planted", planted]]) }))).toEqual([
      "Planted.bare has no description",
      "Planted.open has no default",
      "Planted.riddle begins with a question word",
    ]);
  });

  test("has every export, and every member of the contexts of both kinds of stages", () => {
    const exported = Object.values(types).flatMap((exports) => [...exports.keys()]);
    // These have chapters of their own names.
    const titled: Readonly<Record<string, string>> = {
      pipeline: "pipeline({ … })",
      PipelineBuilder: ".build()",
      PipelineHead: "pipeline({ … })",
      DocumentStage: "Options of a stage",
      CollectionStage: "Options of a stage",
      Stored: "What run may return",
      StageContext: "Context of every stage",
      DocumentContext: "Context of a document stage",
      CollectionContext: "Context of a collection stage",
      ArtifactWriter: "ctx.artifacts",
      StageLogger: "ctx.logger",
      StageDocument: "ctx.document",
      StagedChunks: "ctx.chunks",
      StagedEntities: "ctx.entities",
      PipelineDefinition: "definePipeline",
    };
    const headings = new Set([...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title));
    expect(exported.filter((name) => !headings.has(titled[name] ?? name))).toEqual([]);
    const onContext = ["DocumentContext", "CollectionContext"].flatMap((name) => membersIn(named(name)));
    expect(
      onContext.filter(({ name }) => !new RegExp(`\`ctx\\.${name}\\b`).test(page)).map(({ name }) => name),
    ).toEqual([]);
    expect(onContext.length).toBeGreaterThan(30);
  });

  test("names the defaults that the code has", () => {
    const settings = membersIn(named("StageSettings"));
    const saidOf = (name: string): number => {
      const { byDefault } = apart(settings.find((member) => member.name === name)!.description);
      return Number(/^[\d,]+/.exec(byDefault)![0].replaceAll(",", ""));
    };
    expect({
      timeoutMs: saidOf("timeoutMs"),
      maxAttempts: saidOf("maxAttempts"),
      retryLaterForMs: saidOf("retryLaterForMs"),
      memoryLimitMiB: saidOf("memoryLimitMiB"),
    }).toEqual({
      timeoutMs: DEFAULT_STAGE_TIMEOUT_MS,
      maxAttempts: DEFAULT_MAX_ATTEMPTS,
      retryLaterForMs: DEFAULT_RETRY_LATER_FOR_MS,
      memoryLimitMiB: DEFAULT_MEMORY_LIMIT_MIB,
    });
  });
});

describe("the reference of the built-in pipelines", () => {
  test("is of options that all have a description, and a default where they may be absent", () => {
    const options = builtInOptions();
    const fault = (row: OptionRow): string | null =>
      row.byDefault === "" ? "has no default" : faultOf({ description: row.what });
    const wrong = options.flatMap((row) => {
      const found = fault(row);
      return found === null ? [] : [`${row.pipeline}: ${row.name} ${found}`];
    });
    expect(wrong).toEqual([]);
    expect(new Set(options.map(({ pipeline }) => pipeline))).toEqual(new Set(["documents", "batch", "expenses"]));
    expect(options.length).toBeGreaterThan(35);
  });
});
