import { startApp, type App } from "../app.js";
import { describeConfig } from "../config/describe.js";
import { loadConfig } from "../config.js";
import { armFailpoint } from "../failpoint.js";
import { createLogger } from "../logger.js";

/** `headway start`: serves until Ctrl-C or SIGTERM, then stops in order. A second signal ends at once. */
export async function runServe(): Promise<void> {
  const startedAt = performance.now();
  const config = loadConfig();
  if (config.failpoint !== null) armFailpoint(config.failpoint);
  const logger = createLogger(config.logLevel);
  logger.debug({ config: describeConfig(config) }, "settings");
  const stopping = onceStopped();
  const app = await startApp(config, logger);
  const readyMs = Math.round(performance.now() - startedAt);
  process.stdout.write(
    [
      `Headway is ready after ${readyMs} ms as ${config.roles.join(", ")}.`,
      ...(config.roles.includes("api")
        ? [`  GraphQL      ${app.url}/graphql (HTTP and WebSocket)`, `  Playground   ${app.url}/playground`]
        : [`  Health       ${app.url}/readyz`]),
      `  Database     ${app.database}`,
      `  Dispatcher   ${app.dispatcher}`,
      ...keyLines(app, config.roles.includes("api")),
      "  Stop with Ctrl-C.",
      "",
    ].join("\n"),
  );
  await stopping;
  await stopInOrder(app);
}

/** How to be let in: an embedded server has a key, any other says how one is made. */
function keyLines({ developmentKey }: App, isApi: boolean): string[] {
  if (developmentKey !== null) return [`  Key          ${developmentKey} (ADMIN, for development)`];
  return isApi ? ["  Key          npx headway keys create --name N --role OPERATOR"] : [];
}

/**
 * Resolves at the first SIGINT, SIGTERM, or SIGHUP (the terminal has gone). A second SIGINT or SIGTERM ends the process
 * at once; a second SIGHUP does not, because npm sends on the one that the terminal has sent already.
 */
export function onceStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    process.on("SIGHUP", () => {
      asked = true;
      resolve();
    });
  });
}

export async function stopInOrder(app: App): Promise<void> {
  process.stdout.write("Stopping; Ctrl-C again ends at once.\n");
  await app.stop();
  process.stdout.write("Stopped.\n");
}
