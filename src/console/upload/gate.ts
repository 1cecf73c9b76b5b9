/** Lets what runs through it, or holds it until it is opened again. */
export class Gate {
  #opened: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  get isOpen(): boolean {
    return this.#opened === null;
  }

  close(): void {
    if (this.#opened !== null) return;
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    this.#opened = { promise, resolve };
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = null;
  }

  /** Resolves while it is open. @throws the signal's reason once it is aborted */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.#opened !== null && !signal.aborted) {
      const { promise } = this.#opened;
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
        void promise.then(resolve);
      });
    }
    signal.throwIfAborted();
  }
}
