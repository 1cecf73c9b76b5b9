import { MultiBar, type SingleBar } from "cli-progress";
import pc from "picocolors";

export interface StageProgress {
  readonly stage: string;
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
}

/** Shows a job's way through its stages: bars on a terminal, plain lines elsewhere. */
export interface Progress {
  update(counts: readonly StageProgress[]): void;
  failed(document: string, stage: string, message: string): void;
  end(): void;
}

export function createProgress(documents: number): Progress {
  return process.stdout.isTTY ? new Bars(documents) : new Lines(documents);
}

class Bars implements Progress {
  readonly #documents: number;
  readonly #bars = new Map<string, SingleBar>();
  readonly #multi = new MultiBar({
    format: `  {stage} ${pc.cyan("{bar}")} {value}/{total}  running {running}  failed {failed}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    hideCursor: true,
    gracefulExit: false, // Signals are ours.
  });

  constructor(documents: number) {
    this.#documents = documents;
  }

  update(counts: readonly StageProgress[]): void {
    for (const { stage, completed, failed, running } of counts) {
      const payload = { stage: stage.padEnd(9), failed, running };
      const bar = this.#bars.get(stage) ?? this.#multi.create(this.#documents, 0, payload);
      this.#bars.set(stage, bar);
      bar.update(completed + failed, payload);
    }
  }

  failed(document: string, stage: string, message: string): void {
    this.#multi.log(`  ${pc.red("failed")} ${document} at ${stage}: ${message}\n`);
  }

  end(): void {
    this.#multi.stop();
  }
}

/** One line whenever something has changed and a second has passed. */
class Lines implements Progress {
  readonly #documents: number;
  #last = "";
  #lastAt = 0;
  #latest: readonly StageProgress[] = [];

  constructor(documents: number) {
    this.#documents = documents;
  }

  update(counts: readonly StageProgress[]): void {
    this.#latest = counts;
    if (Date.now() - this.#lastAt >= 1_000) this.#print();
  }

  failed(document: string, stage: string, message: string): void {
    process.stdout.write(`  failed ${document} at ${stage}: ${message}\n`);
  }

  end(): void {
    this.#print();
  }

  #print(): void {
    const parts = this.#latest.map(
      ({ stage, completed, failed }) =>
        `${stage} ${completed + failed}/${this.#documents}${failed > 0 ? ` (${failed} failed)` : ""}`,
    );
    const line = parts.join("  ");
    if (line === this.#last) return;
    this.#last = line;
    this.#lastAt = Date.now();
    process.stdout.write(`  ${line}\n`);
  }
}
