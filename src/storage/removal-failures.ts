import { HeadwayError, messageOf } from "../errors.js";

/** What could not be removed, while the rest is: told of once, at the end. */
export class RemovalFailures {
  #count = 0;
  #first = "";

  add(what: string, why: string): void {
    if (this.#count === 0) this.#first = `${what}: ${why}`;
    this.#count += 1;
  }

  /** False when it failed. */
  async attempt(what: string, remove: () => Promise<unknown>): Promise<boolean> {
    try {
      await remove();
      return true;
    } catch (error) {
      this.add(what, messageOf(error));
      return false;
    }
  }

  /** @throws {HeadwayError} BLOB_NOT_REMOVED with how many there were, and the first */
  throwAny(): void {
    if (this.#count === 0) return;
    throw new HeadwayError("BLOB_NOT_REMOVED", `${this.#count} were not removed; the first is ${this.#first}.`);
  }
}
