/** The part of JSON Schema that a form is made from. */
export interface OptionSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly items?: OptionSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** How an option is asked for. What no other kind fits is asked for as JSON. */
export type OptionKind = "switch" | "choice" | "number" | "text" | "texts" | "json";

/** One option of a pipeline, as a form asks for it. */
export interface OptionField {
  readonly name: string;
  readonly kind: OptionKind;
  readonly isRequired: boolean;
  readonly isWhole: boolean;
  readonly schema: OptionSchema;
}

/** The options that a pipeline takes; null where its schema names none, so that they can be given as JSON alone. */
export function optionFieldsOf(schema: unknown): readonly OptionField[] | null {
  const { properties, required = [] } = (schema ?? {}) as OptionSchema;
  if (properties === undefined) return null;
  return Object.entries(properties).map(([name, of]) => ({
    name,
    kind: kindOf(of),
    // What has a default can be left out, whatever the schema calls required.
    isRequired: required.includes(name) && of.default === undefined,
    isWhole: of.type === "integer",
    schema: of,
  }));
}

function kindOf({ type, enum: words, items }: OptionSchema): OptionKind {
  if (words?.every((word) => typeof word === "string")) return "choice";
  if (type === "boolean") return "switch";
  if (type === "number" || type === "integer") return "number";
  if (type === "string") return "text";
  if (type === "array" && items?.type === "string" && items.enum === undefined) return "texts";
  return "json";
}

/** The numbers that the schema allows, in words; empty where it says nothing. The greatest safe number is no limit of anybody. */
export function rangeInWords({ minimum, maximum }: OptionSchema): string {
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return `${least} to ${most}.`;
  if (least !== undefined) return `At least ${least}.`;
  return most === undefined ? "" : `At most ${most}.`;
}
