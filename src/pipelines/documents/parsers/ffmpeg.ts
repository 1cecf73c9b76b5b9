import { spawn } from "node:child_process";

/** Neither program is on the PATH. */
export class FfmpegAbsent extends Error {}

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
const MAX_OUTPUT_BYTES = 10_000_000;
/** The one reader that is to be tried: a file that is really a playlist must not make the program open others. */
const DEMUXERS: Readonly<Record<string, string>> = {
  "audio/mp4": "mov",
  "video/mp4": "mov",
  "video/matroska": "matroska",
  "video/webm": "matroska",
};
/** Its input comes through a pipe that may be read twice, from nowhere else. */
const INPUT = ["-protocol_whitelist", "pipe,cache", "-i", "cache:pipe:0"];

/** @throws {FfmpegAbsent}; any other error means that it could not read the file */
export async function probeStreams(bytes: Uint8Array, mediaType: string): Promise<ProbedStream[]> {
  const args = ["-v", "error", "-f", demuxerOf(mediaType), ...INPUT, "-print_format", "json", "-show_streams"];
  const { streams = [] } = JSON.parse(await run("ffprobe", args, bytes)) as { streams?: Record<string, unknown>[] };
  return streams.map((stream) => ({
    index: Number(stream.index),
    type: String(stream.codec_type),
    ...optional("codec", stream.codec_name),
    ...optional("language", (stream.tags as Record<string, unknown> | undefined)?.language),
    ...optional("width", number(stream.width)),
    ...optional("height", number(stream.height)),
    ...optional("sampleRateHz", number(stream.sample_rate)),
    ...optional("channels", number(stream.channels)),
  }));
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

/** Standard output of the program, fed with the bytes. It dies with this process's group. */
function run(program: string, args: readonly string[], bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], timeout: LIMIT_MS, killSignal: "SIGKILL" });
    const parts: Buffer[] = [];
    let [sizeBytes, said] = [0, ""];
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new FfmpegAbsent(`${program} is not on the PATH`) : error),
    );
    child.stdout.on("data", (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > MAX_OUTPUT_BYTES) child.kill("SIGKILL");
      else parts.push(part);
    });
    child.stderr.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-300)));
    // It may have seen enough before it has read all.
    child.stdin.on("error", () => undefined);
    child.stdin.end(bytes);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(parts).toString("utf8"));
      else reject(new Error(`${program} ended with ${signal ?? `code ${code}`}: ${said.trim()}`));
    });
  });
}
