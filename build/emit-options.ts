import { z } from "zod";
import { batchPipeline } from "../src/pipelines/batch/batch.js";
import { documentsPipeline } from "../src/pipelines/documents/documents.js";
import { createHashEmbedder } from "../src/pipelines/embedding/hash.js";
import { expensesPipeline } from "../src/pipelines/expenses/expenses.js";
import type { Pipeline, Stage } from "../src/pipelines/pipeline.js";
import {
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MEMORY_LIMIT_MIB,
  DEFAULT_STAGE_TIMEOUT_MS,
} from "../src/pipelines/stage-settings.js";
import { apart } from "./emit-pipelines.js";
import { code, lines, table, text } from "./markdown.js";

/** The part of JSON Schema that zod writes for options. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** An option of a built-in pipeline, as the page lists it. */
export interface OptionRow {
  readonly pipeline: string;
  /** With those that it is inside of: `fields.<name>.pattern`, `statements[].match`. */
  readonly name: string;
  readonly type: string;
  /** Empty where the description names none either. */
  readonly byDefault: string;
  readonly what: string;
}

/** The pipelines that every installation has. A transcriber adds a stage and no option; nothing is asked of it here. */
function builtIns(): Pipeline[] {
  const limits = { maxDocumentBytes: 200_000_000 };
  const transcriber = { baseUrl: "http://localhost", apiKey: null, model: "none" } as never;
  return [
    documentsPipeline({ ...limits, embedder: createHashEmbedder(), transcriber }),
    batchPipeline(limits),
    expensesPipeline(limits),
  ];
}

/** Every option of the built-in pipelines, those inside of others behind them. */
export function builtInOptions(): OptionRow[] {
  return builtIns().flatMap(optionsOf);
}

function optionsOf({ name, options }: Pipeline): OptionRow[] {
  // As `pipelines { optionsSchema }` gives it.
  const schema = z.toJSONSchema(options!, { io: "input", unrepresentable: "any" }) as Schema;
  return rowsOf(schema, "").map((row) => ({ pipeline: name, ...row }));
}

/** The page docs/reference/pipeline-options.md. */
export function emitOptions(): string {
  return lines(
    "# Options of the built-in pipelines",
    "",
    "Written by `npm run schema` from the schemas of the options, which `pipelines { optionsSchema }` returns as JSON Schema, also",
    "for your own pipelines. Options are given at the submit: `submit(input: { options: … })`, or `headway submit --options`. Other",
    "names and wrong values are refused with `INVALID_OPTIONS`. A name such as `fields.<name>.type` is inside of an object for each",
    "name, `statements[].sign` inside of a list. The options of stages are explained in [pipelines.md](pipelines.md).",
    "",
    ...builtIns().flatMap((pipeline) => [
      `## ${pipeline.name}`,
      "",
      text(pipeline.description),
      "",
      ...table(
        ["option", "type", "default", "what it is"],
        optionsOf(pipeline).map(({ name, type, byDefault, what }) => [code(name), type, byDefault, what]),
      ),
      "",
      `### Stages of ${pipeline.name}`,
      "",
      ...table(
        ["stage", "runs", "timeoutMs", "maxAttempts", "memoryLimitMiB, if isolated"],
        [
          ...pipeline.documentStages.map((stage) => stageRow(stage, "for every document")),
          ...pipeline.collectionStages.map((stage) => stageRow(stage, "once for the job")),
        ],
      ),
      "",
    ]),
  );
}

function stageRow(stage: Stage, runs: string): string[] {
  return [
    code(stage.name),
    runs,
    number(stage.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS),
    number(stage.maxAttempts ?? DEFAULT_MAX_ATTEMPTS),
    stage.isolate ? number(stage.memoryLimitMiB ?? DEFAULT_MEMORY_LIMIT_MIB) : "",
  ];
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): Omit<OptionRow, "pipeline">[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const said = apart(text(schema.description));
    const isRequired = required.includes(name);
    const byDefault = isRequired ? "required" : schema.default === undefined ? said.byDefault : shown(schema.default);
    const row = { name: prefix + name, type: typeOf(schema), byDefault, what: said.what };
    return [row, ...innerRows(schema, prefix + name)];
  });
}

function innerRows(
  { properties, additionalProperties: each, items, ...schema }: Schema,
  name: string,
): ReturnType<typeof rowsOf> {
  if (properties) return rowsOf({ properties, ...schema }, `${name}.`);
  if (typeof each === "object") return rowsOf(each, `${name}.<name>.`);
  return items ? rowsOf(items, `${name}[].`) : [];
}

function typeOf(schema: Schema, isMany = false): string {
  const s = isMany ? "s" : "";
  const { enum: values, anyOf, items, additionalProperties: each, propertyNames: names, minLength, maxLength } = schema;
  if (values) return `one of ${values.map((value) => code(value)).join(", ")}`;
  if (anyOf) return [...new Set(anyOf.map((one) => typeOf(one, isMany)))].join(", or ");
  if (items) return `list${s} of ${range(schema.minItems, schema.maxItems)}${typeOf(items, true)}`;
  if (typeof each === "object") {
    return `map${s} of ${names?.enum ? names.enum.map((name) => code(name)).join(", ") : "names"} to ${typeOf(each, true)}`;
  }
  if (schema.type === "string" && maxLength !== undefined) {
    return `string${s} of ${range(minLength, maxLength)}characters`;
  }
  if (schema.type === "integer") return `whole number${s}${between(schema)}`;
  if (schema.type === "number") return `number${s}${between(schema)}`;
  return `${schema.type ?? "value"}${s}`;
}

function range(least: number | undefined, most: number | undefined): string {
  if (most === undefined) return least === undefined ? "" : `${number(least)} or more `;
  return least === undefined ? `up to ${number(most)} ` : `${number(least)} to ${number(most)} `;
}

function between({ minimum, maximum, exclusiveMinimum }: Schema): string {
  if (exclusiveMinimum !== undefined) return ` above ${number(exclusiveMinimum)}`;
  if (minimum === undefined || maximum === undefined) return "";
  return `, ${number(minimum)} to ${number(maximum)}`;
}

function shown(value: unknown): string {
  return typeof value === "number" ? number(value) : code(typeof value === "string" ? value : JSON.stringify(value));
}

const number = (value: number): string => value.toLocaleString("en-US");
