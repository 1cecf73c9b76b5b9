import type { DataSource } from "typeorm";
import { SingleFlight } from "../async/single-flight.js";
import type { Serves } from "../model/worker.js";
import { Place, type PlaceDeps } from "./place.js";

/** A process that no suspect has come to for so long is stopped. */
const IDLE_MS = 30_000;

/**
 * The process that suspects run in, one at a time: so it is known whose crash it is, and nobody runs beside it. There is one
 * while there are suspects that this installation runs.
 */
export class Quarantine {
  readonly place: Place;
  readonly #db: DataSource;
  readonly #serves: string;
  readonly #looks: SingleFlight;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #neededAt = performance.now();
  #closed = false;

  constructor(
    from: {
      readonly db: DataSource;
      readonly serves: Serves;
      readonly everyMs: number;
      readonly onError: (error: unknown, doing: string) => void;
    },
    deps: PlaceDeps,
  ) {
    this.#db = from.db;
    this.#serves = JSON.stringify(from.serves);
    this.place = new Place({ ...deps, isWanted: () => performance.now() - this.#neededAt < IDLE_MS });
    this.#looks = new SingleFlight(
      () => this.#look(),
      (error) => from.onError(error, "looking for suspects"),
    );
    this.#everyMs = from.everyMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#everyMs);
    this.#timer.unref();
    this.look();
  }

  /** There may be suspects now. */
  look(): void {
    if (!this.#closed) this.#looks.run();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.place.close();
  }

  async #look(): Promise<void> {
    const { process: one } = this.place;
    const rows: { due: boolean; busy: boolean }[] = await this.#db.query(
      `select exists (select from headway.suspects_due($1, 1)) as due,
         exists (select from headway.task where worker_id = $2 and status = 'RUNNING') as busy`,
      [this.#serves, one?.workerId ?? null],
    );
    const { due, busy } = rows[0]!;
    if (due || busy) this.#neededAt = performance.now();
    if (this.#closed) return;
    if (due && this.place.isFree) this.place.start();
    else if (one?.ready && performance.now() - this.#neededAt > IDLE_MS) void one.stop(0, IDLE_MS);
  }
}
