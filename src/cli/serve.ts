import { startApp, type App } from "../app.js";
import { hideEnvironment } from "../config/environment.js";
import { describeConfig } from "../config/describe.js";
import { loadConfig } from "../config.js";
import { armFailpoint } from "../failpoint.js";
import { createLogger } from "../logger.js";
import { pipelineLines } from "./pipelines.js";
import { listenForStop, stopInOrder } from "./stop.js";

/** `headway start`: serves until Ctrl-C or SIGTERM, then stops in order. A second signal, half a second later, ends at once. */
export async function runServe(): Promise<void> {
  const startedAt = performance.now();
  hideEnvironment();
  const config = loadConfig();
  if (config.failpoint !== null) armFailpoint(config.failpoint);
  const logger = createLogger(config.logLevel);
  logger.debug({ config: describeConfig(config) }, "settings");
  const stop = listenForStop(config.graceMs);
  stopWithParent();
  const app = await startApp(config, logger, {
    signal: stop.signal,
    workerProcesses: config.workerProcesses,
  });
  const readyMs = Math.round(performance.now() - startedAt);
  process.stdout.write(
    [
      `Headway is ready after ${readyMs} ms as ${config.roles.join(", ")}.`,
      ...(config.roles.includes("api")
        ? [`  GraphQL      ${app.url}/graphql (HTTP and WebSocket)`, ...pageLines(app)]
        : [`  Health       ${app.url}/readyz`]),
      ...(config.publicUrl === null ? [] : [`  Public       ${config.publicUrl}/ (HEADWAY_PUBLIC_URL)`]),
      ...pipelineLines(app.pipelines),
      `  Database     ${app.database}`,
      `  Dispatcher   ${app.dispatcher}`,
      ...workerLines(app),
      ...keyLines(app, config.roles.includes("api")),
      "  Stop with Ctrl-C.",
      "",
    ].join("\n"),
  );
  await stopInOrder(app, await stop.asked);
}

/** Whoever has started this process with a channel, as `headway dev` does, takes it along. */
function stopWithParent(): void {
  if (!process.connected) return;
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}

/** With a link that signs in, where there is one: both pages then are, since they keep one key. */
function pageLines({ url, hasConsole, signInLink }: App): string[] {
  const explore = `  Explore      ${url}/explore`;
  const console = `  Console      ${url}/`;
  if (signInLink === null) return hasConsole ? [console, explore] : [explore];
  const link = [
    `  ${hasConsole ? "Console     " : "Explore     "} ${signInLink}`,
    '               (signs in once, within ten minutes; "npx headway-api open" prints another)',
  ];
  return hasConsole ? [...link, explore] : link;
}

/** How to be let in: an embedded server has a key, any other says how one is made. */
function keyLines({ developmentKey }: App, isApi: boolean): string[] {
  if (developmentKey !== null) return [`  Key          ${developmentKey} (ADMIN, for development)`];
  return isApi ? ["  Key          npx headway-api keys create --name N --role OPERATOR"] : [];
}

function workerLines({ workerPids: pids }: App): string[] {
  if (pids.length === 0) return [];
  return [`  Workers      ${pids.length} ${pids.length === 1 ? "process" : "processes"} (${pids.join(", ")})`];
}
