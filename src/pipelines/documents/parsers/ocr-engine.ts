/** What a recogniser made of an image. */
export interface Reading {
  /** Paragraphs apart, without the lines that are textures. */
  readonly text: string;
  /** How sure it is over the whole image, 0 to 100. */
  readonly confidence: number;
}

/** How writing stands in an image. */
export interface Stand {
  /** By how much the image is to be turned clockwise, to be upright. */
  readonly turnDegrees: number;
  /** As the recogniser names it, such as "Cyrillic". */
  readonly script: string;
  /** False where it guesses: then it may well be Latin. */
  readonly isScriptSure: boolean;
}

/** A line of which a recogniser is this little sure is a texture among lines that are text. */
export const MIN_LINE_CONFIDENCE = 30;
/** Below this the turn is a guess. */
export const MIN_TURN_CONFIDENCE = 2;

/** Below this the script is a guess. */
export const MIN_SCRIPT_CONFIDENCE = 1;

/** A recogniser. Its calls throw where the limit has passed. */
export interface OcrEngine {
  /** What is installed, as it names them; without "osd". */
  readonly languages: readonly string[];
  read(image: Uint8Array, languages: readonly string[], limitMs: number): Promise<Reading>;
  /** Null where there are too few letters to tell. */
  stand(image: Uint8Array, limitMs: number): Promise<Stand | null>;
}
