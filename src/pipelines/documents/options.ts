import { z } from "zod";

/** What a job may ask of the pipeline. */
export const DocumentsOptions = z
  .strictObject({
    only: z
      .enum(["metadata", "embeddings"])
      .optional()
      .describe(
        "Does a part alone. metadata: text, chunks and vectors stay as they are. embeddings: chunks that have no vector get one; nothing is fetched or parsed.",
      ),
    embeddings: z.boolean().default(true).describe("Whether chunks get vectors, so that search finds them."),
    metadata: z.boolean().default(true).describe("Whether what the parser finds out is kept with the document."),
    graph: z.boolean().default(true).describe("Whether people, places and organisations are looked for."),
    ocr: z
      .boolean()
      .default(true)
      .describe("Whether text in images, in scanned pages and in pictures of documents is read (OCR)."),
    transcribe: z.boolean().default(true).describe("Whether what is said in sound and film is written down."),
    menus: z.boolean().default(false).describe("Whether menus and other navigation of web pages belong to the text."),
    blocks: z
      .boolean()
      .default(false)
      .describe(
        "Whether the blocks of each document (headings, paragraphs, tables) are left as the artifact blocks.json.",
      ),
    chunkSize: z.number().int().min(100).max(8_000).default(1_000).describe("Characters of a chunk at most."),
  })
  .refine((options) => options.only === undefined || options[options.only], {
    path: ["only"],
    error: ({ input }) =>
      `is "${String((input as { only?: unknown }).only)}", which is also switched off; leave one of the two out`,
  });
export type DocumentsOptions = z.output<typeof DocumentsOptions>;
