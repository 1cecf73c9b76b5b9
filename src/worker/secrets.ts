import { wholeEnvironment } from "../config/environment.js";
import { ConfigError } from "../errors.js";
import type { StageLogger } from "../pipelines/pipeline.js";
import type { Registry } from "../pipelines/registry.js";
import { cutStack, type StageEnding } from "./ending.js";

const HIDDEN = "[hidden]";
/** Shorter values are words that stand for themselves elsewhere. */
const MIN_LENGTH = 6;
const MAX_DEPTH = 10;
/** Names of fields whose values are nobody's business, whatever they are. */
const HIDDEN_KEY =
  /^((proxy-?)?authorization|(set-?)?cookie|pass(word|wd|phrase)|(client|shared)?[-_]?secret|(access|refresh|id|bearer|auth|api)?[-_]?token|(x-)?api[-_]?key|private[-_]?key|credentials)$/i;

/** The secrets that a stage has asked for by name, and what hides their values in all that leaves the stage. */
export class Secrets {
  readonly #hidden: readonly string[];

  static readonly none = new Secrets(Object.freeze({}));

  private constructor(
    readonly byName: Readonly<Record<string, string>>,
    before: readonly string[] = [],
  ) {
    // As they are, and as they stand in addresses; the longest first, for one may be a part of another.
    const values = Object.values(byName).flatMap((value) => [value, encodeURIComponent(value)]);
    const long = values.filter(({ length }) => length >= MIN_LENGTH);
    this.#hidden = [...new Set([...before, ...long])].sort((a, b) => b.length - a.length);
  }

  /**
   * Those of this process's variables that are named; what is not set is absent. What was hidden for the stages of the task
   * before stays hidden: what one of them has begun may fail while the next one runs.
   */
  static named(names: readonly string[] = [], before: Secrets = Secrets.none): Secrets {
    if (names.length === 0 && before.hidesNothing) return Secrets.none;
    const all = wholeEnvironment();
    const set = names.filter((name) => (all[name] ?? "") !== "");
    return new Secrets(Object.freeze(Object.fromEntries(set.map((name) => [name, all[name]!]))), before.#hidden);
  }

  get hidesNothing(): boolean {
    return this.#hidden.length === 0;
  }

  /** The text without any of the values. */
  text(text: string): string {
    return this.#hidden.reduce((rest, value) => rest.replaceAll(value, HIDDEN), text);
  }

  optional(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.text(text);
  }

  /** How a stage ended, as it may be told: its stack is cut once nothing in it is to be hidden any more. */
  ending(ending: StageEnding): StageEnding {
    const [message, stack] = [this.optional(ending.message), this.optional(ending.stack)];
    return {
      ...ending,
      ...(message === undefined ? {} : { message }),
      ...(stack === undefined ? {} : { stack: cutStack(stack) }),
    };
  }

  /** A logger that is given nothing that is to be hidden. */
  hiddenIn(logger: StageLogger): StageLogger {
    const at = (level: keyof StageLogger) => (fields: object, message: string) =>
      logger[level](this.#within(fields, 0, true) as object, this.text(String(message)));
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** JSON without any of the values, in keys as well. */
  json(json: string): string {
    if (this.#hidden.length === 0) return json;
    return JSON.stringify(this.#within(JSON.parse(json), 0, false));
  }

  #within(value: unknown, depth: number, hidesKeys: boolean): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH && hidesKeys) return this.#hidden.length === 0 ? value : HIDDEN;
    if (Array.isArray(value)) return value.map((one) => this.#within(one, depth + 1, hidesKeys));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return this.#special(value, depth);
    const entries = Object.entries(value).map(([key, one]) => {
      const isHidden = hidesKeys && HIDDEN_KEY.test(key) && one !== null && one !== undefined;
      return [this.text(key), isHidden ? HIDDEN : this.#within(one, depth + 1, hidesKeys)];
    });
    return Object.fromEntries(entries) as unknown;
  }

  /** Errors, dates and the like: how the log would show them is not relied on, for they hold fields of all kinds. */
  #special(value: object, depth: number): unknown {
    if (value instanceof Error) {
      const { name, message, stack } = value;
      return { type: name, message: this.text(message), stack: this.optional(stack) };
    }
    try {
      return this.#within(JSON.parse(JSON.stringify(value) ?? "null"), depth + 1, true);
    } catch {
      return HIDDEN;
    }
  }
}

/** @throws {ConfigError} naming every secret that a stage asks for and this process does not have */
export function assertSecrets(registry: Registry): void {
  const missing = registry.all().flatMap(({ name: pipeline, documentStages, collectionStages }) =>
    [...documentStages, ...collectionStages].flatMap(({ name, secrets = [] }) => {
      const { byName } = Secrets.named(secrets);
      return secrets
        .filter((one) => !Object.hasOwn(byName, one))
        .map((one) => `${one} (stage "${name}" of pipeline "${pipeline}")`);
    }),
  );
  if (missing.length > 0) {
    throw new ConfigError(
      `Secrets that stages ask for are not set: ${missing.join(", ")}. Set them for this worker, or remove them from the stages that name them.`,
    );
  }
}
