import { Command, type Option } from "commander";
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import { Registry } from "prom-client";
import { addClientCommands } from "../src/cli/commands.js";
import { EXIT_CODES_HELP } from "../src/cli/exit-codes.js";
import { addKeysCommands } from "../src/cli/keys-command.js";
import { addLocalCommands } from "../src/cli/local-commands.js";
import { redisUp } from "../src/metrics.js";
import { installationMetrics, measureProcess } from "../src/server/metrics.js";
import { settingsTable } from "../src/settings.js";
import { emitOptions } from "./emit-options.js";
import { emitPipelines } from "./emit-pipelines.js";
import { code, lines, sentence, table, text } from "./markdown.js";

/** The pages of docs/reference that are written from the code. */
export const REFERENCE_PAGES = [
  "settings",
  "command-line",
  "metrics",
  "graphql",
  "pipelines",
  "pipeline-options",
] as const;
export type ReferencePage = (typeof REFERENCE_PAGES)[number];

/** The contents of those pages, as they must be for this code and the text of schema/schema.graphql. */
export function emitReference(schemaText: string): Record<ReferencePage, string> {
  return {
    settings: settings(),
    "command-line": commandLine(),
    metrics: metrics(),
    graphql: graphql(buildSchema(schemaText)),
    pipelines: emitPipelines(),
    "pipeline-options": emitOptions(),
  };
}

/** The command `headway` with all its commands, to read them from and not to run. */
export function headwayCommand(): Command {
  const program = new Command("headway");
  addLocalCommands(program);
  addClientCommands(program);
  addKeysCommands(program);
  return program;
}

function settings(): string {
  return lines(
    "# Settings",
    "",
    "Written by `npm run schema` from `src/settings.ts`.",
    "",
    "Settings are environment variables. `.env.example` lists them too. A wrong value stops the start; the message names",
    "the setting, its value, what it must be, and why.",
    "",
    settingsTable(),
  );
}

function commandLine(): string {
  const leaves = headwayCommand().commands.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]));
  return lines(
    "# Command line",
    "",
    "Written by `npm run schema` from `src/cli`. Run `headway help`, or a command with `--help`, to see the same in a terminal.",
    "",
    ...leaves.flatMap(command),
    "## Exit codes",
    "",
    EXIT_CODES_HELP.trim().replace("Exit codes: ", ""),
  );
}

function command(one: Command): string[] {
  const parent = one.parent?.parent ? `${one.parent.name()} ` : "";
  const name = `headway ${parent}${one.name()}`;
  const rows = [
    ...one.registeredArguments.map((argument) => [
      code(
        `${argument.required ? "<" : "["}${argument.name()}${argument.variadic ? "..." : ""}${argument.required ? ">" : "]"}`,
      ),
      argument.description,
    ]),
    ...one.options.map((option) => [code(option.flags), optionText(option)]),
  ];
  return [
    `## ${name}`,
    "",
    sentence(one.description()),
    "",
    ...(rows.length === 0 ? [] : [...table(["argument or option", "what it does"], rows), ""]),
  ];
}

function optionText({ description, argChoices, defaultValue, mandatory }: Option): string {
  const more = [
    ...(mandatory ? ["Required."] : []),
    ...(argChoices ? [`One of ${argChoices.map(code).join(", ")}.`] : []),
    ...(defaultValue === undefined || defaultValue === false ? [] : [`Default: ${code(String(defaultValue))}.`]),
  ];
  return [sentence(description), ...more].join(" ");
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

function metrics(): string {
  const whole = new Registry();
  installationMetrics([whole]);
  // The pools are made when a process is measured; the registry of the process itself has what Node knows as well.
  const ofProcess = measureProcess({}).getMetricsAsArray() as readonly Described[];
  const ours = [...ofProcess, redisUp as unknown as Described].filter(({ name }) => name.startsWith("headway_"));
  const ofInstallation = whole.getMetricsAsArray() as readonly Described[];
  const rows = (all: readonly Described[]): string[] =>
    table(
      ["metric", "kind", "labels", "what it says"],
      [...new Map(all.map((one) => [one.name, one])).values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((one) => [
          code(one.name),
          one.constructor.name.toLowerCase(),
          (one.labelNames ?? []).map(code).join(", "),
          one.help,
        ]),
    );
  return lines(
    "# Metrics",
    "",
    "Written by `npm run schema` from `src/metrics.ts` and `src/server/metrics.ts`.",
    "",
    "`/metrics` answers Prometheus, without a key: keep it from the public.",
    "",
    "## Of one process and its workers",
    "",
    "Sum these over processes. The default metrics of `prom-client` (memory, CPU, garbage collection, event loop) stand beside them.",
    "",
    ...rows(ours),
    "",
    "## Of the whole installation",
    "",
    "Every process gives the same values: take the maximum, not the sum.",
    "",
    ...rows(ofInstallation),
  );
}

function graphql(schema: GraphQLSchema): string {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => type !== null && type !== undefined,
  );
  const titles = ["Queries", "Mutations", "Subscriptions"];
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type) && !roots.includes(type as never))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const kinds: readonly [title: string, is: (type: GraphQLNamedType) => boolean][] = [
    ["Object types", (type) => isObjectType(type) || isInterfaceType(type)],
    ["Input types", isInputObjectType],
    ["Enums", isEnumType],
    ["Unions", isUnionType],
    ["Scalars", isScalarType],
  ];
  return lines(
    "# GraphQL",
    "",
    "Written by `npm run schema` from `schema/schema.graphql`. What a key sees of each field is in",
    "[access.md](../../schema/access.md).",
    "",
    ...roots.flatMap((root, index) => [`## ${titles[index]}`, "", ...operations(root)]),
    ...kinds.flatMap(([title, is]) => {
      const those = types.filter(is);
      return those.length === 0 ? [] : [`## ${title}`, "", ...those.flatMap(typePart)];
    }),
  );
}

function operations(root: GraphQLObjectType): string[] {
  return Object.values(root.getFields()).flatMap((field) => [
    `### ${field.name}`,
    "",
    `${text(field.description)} Returns ${code(String(field.type))}.`,
    "",
    ...argumentTable(field.args),
  ]);
}

function argumentTable(all: readonly GraphQLArgument[]): string[] {
  if (all.length === 0) return [];
  return [
    ...table(
      ["argument", "type", "what it is"],
      all.map((one) => [code(one.name), code(String(one.type)), text(one.description)]),
    ),
    "",
  ];
}

function typePart(type: GraphQLNamedType): string[] {
  return [`### ${type.name}`, "", text(type.description), "", ...contents(type)];
}

function contents(type: GraphQLNamedType): string[] {
  if (isEnumType(type)) {
    return [
      ...table(
        ["value", "meaning"],
        type.getValues().map((one) => [code(one.name), text(one.description)]),
      ),
      "",
    ];
  }
  if (isUnionType(type))
    return [
      `One of ${type
        .getTypes()
        .map(({ name }) => code(name))
        .join(", ")}.`,
      "",
    ];
  if (isScalarType(type)) return [];
  const rows = Object.values(type.getFields()).map((field) => [
    code("args" in field ? signature(field as GraphQLField<unknown, unknown>) : field.name),
    code(String(field.type)),
    text(field.description),
  ]);
  return [...table(["field", "type", "what it is"], rows), ""];
}

function signature({ name, args }: GraphQLField<unknown, unknown>): string {
  return args.length === 0 ? name : `${name}(${args.map((one) => `${one.name}: ${String(one.type)}`).join(", ")})`;
}
