import type { StageLogger } from "../pipelines/pipeline.js";
import { Repeats } from "../repeats.js";
import type { StageEnding } from "./ending.js";

/** What every line of the log about a stage names. `document` is null for a collection stage. */
export interface StageLabels {
  readonly pipeline: string;
  readonly stage: string;
  readonly job: string;
  readonly task: string;
  readonly document: string | null;
  readonly attempt: number;
}

/** A logger whose lines carry the labels, whatever else they say. */
export function labelled(logger: StageLogger, labels: StageLabels): StageLogger {
  const at = (level: keyof StageLogger) => (fields: object, message: string) =>
    logger[level]({ ...fields, ...labels }, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A logger whose lines go to both. */
export function inBoth(one: StageLogger, other: StageLogger): StageLogger {
  const at = (level: keyof StageLogger) => (fields: object, message: string) => {
    one[level](fields, message);
    other[level](fields, message);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Says why stages failed: the same failure at most once a minute, and then how often it came meanwhile. */
export class StageFailures {
  readonly #logger: StageLogger;
  readonly #repeats = new Repeats();

  constructor(logger: StageLogger) {
    this.#logger = logger;
  }

  say(labels: StageLabels, { cause, code, message, stack }: StageEnding): void {
    this.#repeats.say(`${labels.pipeline} ${labels.stage} ${cause} ${message}`, (count) =>
      this.#logger.warn(
        { ...labels, cause, code, error: message, stack, ...(count > 0 ? { repeats: count } : {}) },
        "a stage failed",
      ),
    );
  }
}
