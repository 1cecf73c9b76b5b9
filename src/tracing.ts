import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";
import type { IncomingHttpHeaders } from "node:http";

/** What a span is about. */
export interface SpanOf {
  readonly kind?: keyof typeof SpanKind;
  readonly attributes?: Attributes;
  /** A W3C traceparent that it goes on from, or null for a trace of its own; the code that runs now when absent. */
  readonly parent?: string | null;
  /** Spans of other traces that it did something for; at most 100 of them are kept. */
  readonly links?: readonly SpanContext[];
}

const MAX_LINKS = 100;
let isOn = false;

/** From now on spans are made: an SDK has been registered. Without it nothing here does anything. */
export function spansAreWanted(): void {
  isOn = true;
}

/** Does the work within a span of this name. What it throws marks the span by its code or name alone: messages may hold anything. */
export async function traced<T>(name: string, of: SpanOf, work: () => Promise<T>): Promise<T> {
  if (!isOn) return work();
  const span = begun(name, of);
  try {
    return await context.with(trace.setSpan(parentOf(of), span), work);
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** A span over an HTTP request, which has its parent in the headers; null where no spans are made. */
export function spanOfRequest(name: string, headers: IncomingHttpHeaders, attributes: Attributes): RequestSpan | null {
  if (!isOn) return null;
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  const within = trace.setSpan(parent, span);
  return {
    run: (work) => context.with(within, work),
    end: (status) => {
      span.setAttribute("http.response.status_code", status);
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

export interface RequestSpan {
  /** Whatever the work begins belongs to the request. */
  readonly run: (work: () => void) => void;
  readonly end: (status: number) => void;
}

/** The W3C traceparent of the span that the running code belongs to; null where there is none. */
export function traceparentNow(): string | null {
  if (!isOn || trace.getActiveSpan() === undefined) return null;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier["traceparent"] ?? null;
}

/** The span that the running code belongs to, to be linked to. */
export function spanNow(): SpanContext | undefined {
  return isOn ? trace.getActiveSpan()?.spanContext() : undefined;
}

/** The span that a W3C traceparent names, to be linked to; undefined where it names none. */
export function spanNamed(traceparent: string): SpanContext | undefined {
  return trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }));
}

function begun(name: string, of: SpanOf): Span {
  const { kind = "INTERNAL", attributes = {}, links = [] } = of;
  const distinct = new Map(links.map((link) => [link.spanId, link]));
  return tracer().startSpan(
    name,
    {
      kind: SpanKind[kind],
      attributes,
      links: [...distinct.values()].slice(0, MAX_LINKS).map((linked) => ({ context: linked })),
    },
    parentOf(of),
  );
}

function parentOf({ parent }: SpanOf): Context {
  if (parent === undefined) return context.active();
  return parent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
}

function failed(span: Span, error: unknown): void {
  const { code, name } = error instanceof Error ? (error as Error & { code?: unknown }) : { code: null, name: "Error" };
  span.setAttribute("error.type", typeof code === "string" && /^[A-Z][A-Z0-9_]{0,99}$/.test(code) ? code : name);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function tracer(): ReturnType<typeof trace.getTracer> {
  return trace.getTracer("headway");
}
