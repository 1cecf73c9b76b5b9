import type { App } from "../app.js";
import { endEmbeddedPostgres } from "../database/embedded.js";
import { HeadwayError } from "../errors.js";
import { EXIT } from "./exit-codes.js";

/** The wish of whoever runs this process that it ends. */
export interface StopRequest {
  /** Settles with the first signal. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Aborted by the first signal, with the error that a start that is cut off ends with. */
  readonly signal: AbortSignal;
}

/**
 * A signal that comes again this soon is the same one: a terminal, `timeout` and systemd signal the whole process group,
 * and npm sends on what it got to a child that has got it already.
 */
const SAME_SIGNAL_MS = 500;
/** What stopping may take beyond the grace: the end of the embedded Postgres, and of connections. */
const MARGIN_MS = 1_000;

/**
 * Listens for SIGINT, SIGTERM, and SIGHUP (the terminal has gone). The first asks for a stop in order. A second SIGINT
 * or SIGTERM ends the process at once, with code 130, and takes the embedded Postgres along; a second SIGHUP does not,
 * since nobody sends that twice on purpose. What has not stopped by the end of the grace is left behind, with code 1:
 * its leases pass, and its work is taken elsewhere.
 */
export function listenForStop(graceMs: number): StopRequest {
  const abort = new AbortController();
  let first: NodeJS.Signals | null = null;
  const lastAt = new Map<NodeJS.Signals, number>();
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    const onSignal = (name: NodeJS.Signals): void => {
      const now = performance.now();
      const isSame = now - (lastAt.get(name) ?? -Infinity) < SAME_SIGNAL_MS;
      lastAt.set(name, now);
      if (first === null) {
        first = name;
        resolve(name);
        setTimeout(() => endLate(graceMs), graceMs + MARGIN_MS).unref();
        abort.abort(new HeadwayError("INTERRUPTED", `Headway was stopped before it was ready, by ${name}.`));
      } else if (!isSame && name !== "SIGHUP") endAtOnce(EXIT.interrupted);
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  });
  return { asked, signal: abort.signal };
}

/** Stops the app in order and ends the process, even where a handler hears no signal and goes on. */
export async function stopInOrder(app: App, signal: NodeJS.Signals): Promise<never> {
  process.stdout.write("Stopping; press Ctrl-C again to exit at once.\n");
  // Ctrl-C comes from somebody who waits, and has no load balancer.
  await app.stop({ drain: signal !== "SIGINT" });
  process.stdout.write("Stopped.\n");
  process.exit(process.exitCode ?? EXIT.ok);
}

function endLate(graceMs: number): never {
  process.stderr.write(`Some work has not stopped within HEADWAY_GRACE_MS (${graceMs} ms); Headway exits anyway.\n`);
  endAtOnce(EXIT.failed);
}

function endAtOnce(code: number): never {
  endEmbeddedPostgres();
  process.exit(code);
}
