/**
 * What `work` settles with, or `fallback` after deadlineMs or when it throws. The work itself is not stopped: a command
 * handed to a frozen server can't be taken back, only no longer waited for.
 */
export async function within<T, F>(
  work: Promise<T>,
  options: { readonly deadlineMs: number; readonly fallback: F; readonly onError?: (error: unknown) => void },
): Promise<T | F> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<F>((resolve) => {
    timer = setTimeout(() => resolve(options.fallback), options.deadlineMs);
  });
  const guarded = work.catch((error: unknown) => {
    options.onError?.(error);
    return options.fallback;
  });
  try {
    return await Promise.race([guarded, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
