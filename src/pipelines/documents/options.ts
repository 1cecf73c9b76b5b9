import { z } from "zod";

/** What a job may ask of the pipeline. */
export const DocumentsOptions = z
  .strictObject({
    only: z
      .enum(["metadata", "embeddings"])
      .optional()
      .describe(
        "Runs only a part. metadata: update the metadata and keep text, chunks and embeddings. embeddings: embed chunks that have no embedding, without downloading or parsing. Default: the whole pipeline.",
      ),
    embeddings: z
      .boolean()
      .default(true)
      .describe("Whether to compute embeddings, so that search finds chunks by meaning."),
    metadata: z.boolean().default(true).describe("Whether to store extracted metadata with the document."),
    graph: z.boolean().default(true).describe("Whether to find people, places and organizations."),
    ocr: z
      .boolean()
      .default(true)
      .describe("Whether to read text in images, scanned pages and pictures in documents (OCR)."),
    transcribe: z
      .boolean()
      .default(true)
      .describe(
        "Whether to transcribe speech in audio and video. Without HEADWAY_TRANSCRIBER_URL, a document with speech gets the warning NO_TRANSCRIBER instead.",
      ),
    menus: z
      .boolean()
      .default(false)
      .describe("Whether to include menus and other navigation of web pages in the text."),
    blocks: z
      .boolean()
      .default(false)
      .describe(
        "Whether to write the blocks of each document (headings, paragraphs, tables) as the artifact blocks.json.",
      ),
    chunkSize: z.number().int().min(100).max(8_000).default(1_000).describe("Maximum number of characters of a chunk."),
  })
  .refine((options) => options.only === undefined || options[options.only], {
    path: ["only"],
    error: ({ input }) =>
      `is "${String((input as { only?: unknown }).only)}", which is also switched off; leave one of the two out`,
  });
export type DocumentsOptions = z.output<typeof DocumentsOptions>;
