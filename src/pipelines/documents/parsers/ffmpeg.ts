import { outputOfProgram } from "./program.js";

/** One stream of a container, as ffprobe names things. */
export interface ProbedStream {
  readonly index: number;
  readonly type: string;
  readonly codec?: string;
  readonly language?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

/** The subtitles of a film of hours come in seconds, and are some 100 KB. */
const LIMIT_MS = 30_000;
/** The one reader that is to be tried: a file that is really a playlist must not make the program open others. */
const DEMUXERS: Readonly<Record<string, string>> = {
  "audio/mp4": "mov",
  "audio/ogg": "ogg",
  "video/mp4": "mov",
  "video/quicktime": "mov",
  "video/matroska": "matroska",
  "video/webm": "matroska",
};
/** Its input is the open file that it gets as standard input, for a film may have its directory at the end; nothing else is opened. */
const INPUT = ["-protocol_whitelist", "file", "-i", "file:/dev/stdin"];

/** What a container holds. */
export interface Probed {
  readonly streams: readonly ProbedStream[];
  readonly durationSeconds?: number;
}

/** @throws {ProgramAbsent}; any other error means that it could not read the file */
export async function probe(bytes: Uint8Array, mediaType: string): Promise<Probed> {
  const shown = ["-print_format", "json", "-show_streams", "-show_format"];
  const args = ["-v", "error", "-f", demuxerOf(mediaType), ...INPUT, ...shown];
  const { streams = [], format = {} } = JSON.parse(await run("ffprobe", args, bytes)) as {
    streams?: Record<string, unknown>[];
    format?: Record<string, unknown>;
  };
  const duration = number(format.duration);
  return {
    streams: streams.map(streamOf),
    ...(duration ? { durationSeconds: Math.round(duration * 1_000) / 1_000 } : {}),
  };
}

function streamOf(stream: Record<string, unknown>): ProbedStream {
  return {
    index: Number(stream.index),
    type: String(stream.codec_type),
    ...optional("codec", stream.codec_name),
    ...optional("language", (stream.tags as Record<string, unknown> | undefined)?.language),
    ...optional("width", number(stream.width)),
    ...optional("height", number(stream.height)),
    ...optional("sampleRateHz", number(stream.sample_rate)),
    ...optional("channels", number(stream.channels)),
  };
}

/** What the first stream of sound is like. Containers of the MP4 family name channels that are not there. */
export function soundOf(streams: readonly ProbedStream[]): Partial<Pick<ProbedStream, "sampleRateHz" | "channels">> {
  const { sampleRateHz, channels } = streams.find(({ type }) => type === "audio") ?? {};
  return { ...(sampleRateHz ? { sampleRateHz } : {}), ...(channels ? { channels } : {}) };
}

/** The spoken text of one subtitle stream, a cue a line or more, without times and marks. */
export async function readSubtitles(bytes: Uint8Array, mediaType: string, index: number): Promise<string> {
  const demuxer = ["-f", demuxerOf(mediaType), ...INPUT];
  const srt = await run(
    "ffmpeg",
    ["-v", "error", "-nostdin", ...demuxer, "-map", `0:${index}`, "-f", "srt", "pipe:1"],
    bytes,
  );
  return srt
    .replaceAll("\r\n", "\n")
    .split(/\n{2,}/)
    .map((cue) => cue.replace(/^\s*\d+\n/, "").replace(/^[\d:,. ]+-->[^\n]*\n?/, ""))
    .map((cue) => cue.replace(/<[^>\n]{1,200}>|\{\\[^}\n]{1,100}\}/g, "").trim())
    .filter((cue) => cue !== "")
    .join("\n");
}

function demuxerOf(mediaType: string): string {
  return DEMUXERS[mediaType] ?? "mov";
}

function optional<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined || value === "und" ? {} : { [name]: value };
}

function number(value: unknown): number | undefined {
  return value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value);
}

function run(program: string, args: readonly string[], bytes: Uint8Array): Promise<string> {
  return outputOfProgram(program, args, { bytes, limitMs: LIMIT_MS });
}
