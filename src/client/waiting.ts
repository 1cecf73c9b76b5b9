/** Resolves after so long. @throws the signal's reason once it is aborted */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** From a quarter of a second to 15 s, with some chance in it: a thousand clients must not come back at the same moment. */
export function pauseMs(failures: number): number {
  return Math.min(15_000, 250 * 2 ** Math.max(0, failures - 1)) * (0.5 + Math.random() / 2);
}
