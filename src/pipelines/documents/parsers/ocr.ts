import { createRequire } from "node:module";
import path from "node:path";
import { createWorker, OEM, type Worker } from "tesseract.js";

/** Below this the recogniser takes textures for letters (0 to 100, over the whole image). */
const MIN_CONFIDENCE = 40;
/** A line of which it is this little sure is a texture among lines that are text. */
const MIN_LINE_CONFIDENCE = 30;

export interface Recognition {
  /** How sure it must be over the whole image, 0 to 100. */
  readonly minConfidence?: number;
  /** After this long the image is given up, and the recogniser with it. */
  readonly limitMs?: number;
}

let reading: Promise<Worker> | null = null;

/**
 * The text in an image, paragraphs apart; empty where there is none. Works offline, with the English model that ships
 * in an npm package. The recogniser stays loaded for the next image of this process: it takes a second to begin.
 * @throws {Error} when the limit has passed
 */
export async function recognise(
  image: Uint8Array,
  { minConfidence = MIN_CONFIDENCE, limitMs }: Recognition = {},
): Promise<string> {
  reading ??= begin();
  const worker = await reading.catch((error: unknown) => {
    reading = null;
    throw error;
  });
  const work = worker.recognize(Buffer.from(image), {}, { text: true, blocks: true });
  const { data } = limitMs === undefined ? await work : await within(work, limitMs, worker);
  if (data.confidence < minConfidence) return "";
  const paragraphs = (data.blocks ?? []).flatMap((block) => block.paragraphs);
  return paragraphs
    .map(({ lines }) => lines.filter(({ confidence }) => confidence >= MIN_LINE_CONFIDENCE))
    .map((lines) => lines.map(({ text }) => text.trim()).join("\n"))
    .filter((text) => text.trim() !== "")
    .join("\n\n");
}

async function within<T>(work: Promise<T>, limitMs: number, worker: Worker): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // It can't be stopped in the middle: the next image gets another one.
      reading = null;
      work.catch(() => undefined);
      void worker.terminate();
      reject(new Error(`the recogniser took more than ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function begin(): Promise<Worker> {
  const data = createRequire(import.meta.url).resolve("@tesseract.js-data/eng/package.json");
  return createWorker("eng", OEM.LSTM_ONLY, {
    langPath: path.join(path.dirname(data), "4.0.0_best_int"),
    cacheMethod: "none",
    gzip: true,
    errorHandler: () => undefined, // Told by the rejection as well; without this it would throw where nobody catches.
  });
}
