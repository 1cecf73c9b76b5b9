/**
 * Wakes whoever waits. A raise that comes while nobody waits is kept for the next wait, so nothing is lost between a
 * look at what there is to do and the decision to wait for more.
 */
export class Signal {
  #raised = false;
  #waiters: ((raised: boolean) => void)[] = [];

  /** Wakes all who wait, or else the next who would. */
  raise(): void {
    this.#raised = this.#waiters.length === 0;
    for (const wake of this.#waiters.splice(0)) wake(true);
  }

  /** Forgets a raise that nobody has waited for: what it told of is about to be looked at. */
  clear(): void {
    this.#raised = false;
  }

  /** Resolves with true once raised, or with false after `ms` milliseconds; without `ms` it waits forever. */
  wait(ms?: number): Promise<boolean> {
    if (this.#raised) {
      this.#raised = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const wake = (raised: boolean): void => {
        clearTimeout(timer);
        resolve(raised);
      };
      const giveUp = (): void => {
        this.#waiters = this.#waiters.filter((one) => one !== wake);
        resolve(false);
      };
      const timer = ms === undefined ? undefined : setTimeout(giveUp, ms);
      this.#waiters.push(wake);
    });
  }
}
