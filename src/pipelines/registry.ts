import { ConfigError } from "../errors.js";
import type { Serves } from "../model/worker.js";
import type { Pipeline, Stage } from "./pipeline.js";
import { DEFAULT_MAX_ATTEMPTS } from "./stage-settings.js";

/** The pipelines this process knows, by name. */
export class Registry {
  readonly #byName = new Map<string, Pipeline>();

  /** @throws {ConfigError} when two pipelines share a name */
  constructor(pipelines: readonly Pipeline[]) {
    for (const pipeline of pipelines) {
      if (this.#byName.has(pipeline.name)) {
        throw new ConfigError(`Two pipelines are named "${pipeline.name}"; rename one of them.`);
      }
      this.#byName.set(pipeline.name, pipeline);
    }
  }

  get(name: string): Pipeline | undefined {
    return this.#byName.get(name);
  }

  /** By name. */
  all(): Pipeline[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** What claims and the worker's row say of the worker's pipelines. */
export function servesOf(registry: Registry): Serves {
  return Object.fromEntries(
    registry.all().map(({ name, version, documentStages, collectionStages }) => {
      const stages = [...documentStages, ...collectionStages];
      const attempts = stages.map((stage) => [stage.name, stage.maxAttempts ?? DEFAULT_MAX_ATTEMPTS]);
      return [name, { version, stages: Object.fromEntries(attempts) }];
    }),
  );
}

/** The names of the stages that a run with these options has, `when` applied. */
export function stagesOfRun(stages: readonly Stage[], options: unknown): string[] {
  return stages.filter((stage) => stage.when?.(options) ?? true).map((stage) => stage.name);
}
