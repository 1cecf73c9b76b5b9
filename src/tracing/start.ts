import { wholeEnvironment } from "../config/environment.js";
import { ConfigError } from "../errors.js";
import { spansAreWanted, traceparentNow } from "../tracing.js";
import { buildVersion } from "../version.js";
import { carryInFetch } from "./outgoing.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Sends spans where the standard OTEL_* variables say, where they say so: OTEL_TRACES_EXPORTER (otlp, console, none) or an
 * endpoint (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT). The SDK is loaded then alone, and reads the
 * others by itself. Returns how to send what is left at the end; null where no spans are wanted.
 * @throws {ConfigError} on an exporter or a protocol that is not known here
 */
export async function startTracing(env: Environment = wholeEnvironment()): Promise<(() => Promise<void>) | null> {
  const wanted = exporterIn(env);
  if (wanted === null) return null;
  const [{ NodeTracerProvider, BatchSpanProcessor }, resources, exporter] = await Promise.all([
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/resources"),
    exporterOf(wanted, env),
  ]);
  const resource = resources
    .resourceFromAttributes({ "service.name": "headway", "service.version": buildVersion() })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  provider.register();
  spansAreWanted();
  const endCarrying = carryInFetch(traceparentNow);
  return async () => {
    endCarrying();
    await provider.shutdown();
  };
}

function exporterIn(env: Environment): "otlp" | "console" | null {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return null;
  const hasEndpoint = Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const name = env.OTEL_TRACES_EXPORTER || (hasEndpoint ? "otlp" : "none");
  if (name === "none") return null;
  if (name === "otlp" || name === "console") return name;
  throw new ConfigError(`OTEL_TRACES_EXPORTER is "${name}"; it must be otlp, console or none.`);
}

async function exporterOf(wanted: "otlp" | "console", env: Environment) {
  if (wanted === "console") {
    const { ConsoleSpanExporter } = await import("@opentelemetry/sdk-trace-node");
    return new ConsoleSpanExporter();
  }
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf";
  if (protocol === "http/json") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
    return new OTLPTraceExporter();
  }
  if (protocol === "http/protobuf") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
    return new OTLPTraceExporter();
  }
  throw new ConfigError(
    `OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}"; it must be http/protobuf or http/json: send to the collector's HTTP port.`,
  );
}
