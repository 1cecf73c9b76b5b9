import { createRequire } from "node:module";
import path from "node:path";
import { createWorker, OEM, type Worker, type WorkerParams } from "tesseract.js";
import { MIN_LINE_CONFIDENCE, MIN_SCRIPT_CONFIDENCE, MIN_TURN_CONFIDENCE, type OcrEngine } from "./ocr-engine.js";

/** A recogniser of tesseract.js that stays loaded for the next image of this process: it takes a second to begin. */
class Kept {
  readonly #begin: () => Promise<Worker>;
  #worker: Promise<Worker> | null = null;

  constructor(begin: () => Promise<Worker>) {
    this.#begin = begin;
  }

  async within<T>(limitMs: number, ask: (worker: Worker) => Promise<T>): Promise<T> {
    this.#worker ??= this.#begin();
    const worker = await this.#worker.catch((error: unknown) => {
      this.#worker = null;
      throw error;
    });
    let timer: NodeJS.Timeout | undefined;
    const work = ask(worker);
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        // It can't be stopped in the middle: the next image gets another one.
        this.#worker = null;
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
}

const reader = new Kept(() => begin("eng", "4.0.0_best_int", OEM.LSTM_ONLY));
/** Which way writing stands is known to the older kind of model alone. */
const looker = new Kept(() => begin("osd", "4.0.0", OEM.TESSERACT_ONLY));

async function begin(data: "eng" | "osd", folder: string, mode: OEM): Promise<Worker> {
  const file = createRequire(import.meta.url).resolve(`@tesseract.js-data/${data}/package.json`);
  const isOlder = mode === OEM.TESSERACT_ONLY;
  const options = {
    langPath: path.join(path.dirname(file), folder),
    cacheMethod: "none",
    gzip: true,
    legacyCore: isOlder,
    legacyLang: isOlder,
    errorHandler: () => undefined, // Told by the rejection as well; without this it would throw where nobody catches.
  };
  // What it has to say of an image it would write to this process's standard error.
  const worker = await createWorker(data, mode, options);
  await worker.setParameters({ debug_file: "/dev/null" } as Partial<WorkerParams>);
  return worker;
}

/** tesseract.js, offline, with the English model that ships in an npm package. */
export const ocrPackage: OcrEngine = {
  languages: ["eng"],
  async read(image, _, limitMs) {
    const { data } = await reader.within(limitMs, (worker) =>
      worker.recognize(Buffer.from(image), {}, { text: true, blocks: true }),
    );
    const text = (data.blocks ?? [])
      .flatMap((block) => block.paragraphs)
      .map(({ lines }) => lines.filter(({ confidence }) => confidence >= MIN_LINE_CONFIDENCE))
      .map((lines) => lines.map((line) => line.text.trim()).join("\n"))
      .filter((paragraph) => paragraph.trim() !== "")
      .join("\n\n");
    return { text, confidence: data.confidence };
  },
  async stand(image, limitMs) {
    const { data } = await looker.within(limitMs, (worker) => worker.detect(Buffer.from(image)));
    const { script, orientation_degrees: turn, orientation_confidence: sure } = data;
    if (script === null) return null;
    return {
      script,
      isScriptSure: (data.script_confidence ?? 0) >= MIN_SCRIPT_CONFIDENCE,
      turnDegrees: (sure ?? 0) >= MIN_TURN_CONFIDENCE ? (turn ?? 0) : 0,
    };
  },
};
