import { PermanentError, messageOf } from "../../errors.js";
import { askOpenAi, type OpenAiServer } from "../openai-client.js";
import type { DocumentStageOf, LeftOut } from "../builder.js";
import type { DocumentContext } from "../pipeline.js";
import type { DocumentsOptions } from "./options.js";
import { isHeard, isMedia } from "./formats.js";
import type { ParseOutput } from "./parse.js";

/** An hour of speech takes minutes even on a fast server. */
const TIMEOUT_MS = 1_800_000;
/** The server is at fault or wrongly named, and not the recording: every recording would be refused. */
const WRONG_SERVER = new Set([401, 403, 404, 405]);

/**
 * Writes down what is said in sound and film, behind what text they hold already (POST /audio/transcriptions). Not in
 * a child process: nothing is parsed here, and the key stays with the worker.
 */
export function transcribeStage(
  transcriber: OpenAiServer | null,
): DocumentStageOf<DocumentsOptions, ParseOutput, ParseOutput> & LeftOut<DocumentsOptions> {
  return {
    timeoutMs: TIMEOUT_MS,
    when: (options) => options.transcribe && transcriber !== null,
    run: async (ctx) => {
      const output = ctx.input;
      if (!isHeard(output.format) || transcriber === null) return output;
      const said = await transcriptOf(ctx, transcriber);
      if (said === "") return output;
      const text = [(await ctx.stagedText()) ?? "", said].filter((part) => part !== "").join("\n\n");
      await ctx.setText(text);
      return { ...output, characters: text.length };
    },
    check: ({ format, characters }) => {
      if (characters === 0 && !isMedia(format)) throw new Error("there is no text");
    },
  };
}

/** Empty where nothing is said, or where the server does not take this recording, which is a warning. */
async function transcriptOf(ctx: DocumentContext, server: OpenAiServer): Promise<string> {
  const { name, mediaType } = ctx.document;
  const bytes = await ctx.document.bytes();
  const body = (): { content: FormData } => {
    const content = new FormData();
    content.set("file", new Blob([new Uint8Array(bytes)], { type: mediaType ?? "" }), name);
    content.set("model", server.model);
    content.set("response_format", "json");
    return { content };
  };
  try {
    const answer = await askOpenAi(server, {
      path: "/audio/transcriptions",
      body,
      timeoutMs: TIMEOUT_MS,
      signal: ctx.signal,
    });
    const { text } = answer as { text?: unknown };
    return typeof text === "string" ? text.trim() : "";
  } catch (error) {
    const status = error instanceof PermanentError ? error.details.status : null;
    if (typeof status !== "number" || WRONG_SERVER.has(status)) throw error;
    ctx.warn("NOT_TRANSCRIBED", `The transcriber rejected ${name}: ${messageOf(error)}`);
    return "";
  }
}
