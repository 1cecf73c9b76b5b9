import { parseBuffer, type IAudioMetadata } from "music-metadata";
import { PermanentError, messageOf } from "../../../errors.js";
import { FORMATS } from "../formats.js";
import { probe, soundOf, type Probed } from "./ffmpeg.js";
import { factsOf, type ParseAid, type Parsed } from "./parsed.js";

/** How a cluster of Matroska begins. */
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);
const MATROSKA: ReadonlySet<string> = new Set([FORMATS.mkv, FORMATS.webm]);

/** Duration, codec, sample rate, channels and tags. Speech becomes text in the stage `transcribe`. */
export async function parseAudio(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const facts = mediaFacts(await readMedia(bytes, name, aid.mediaType));
  // The library takes what the container says; ffmpeg, where there is one, asks the sound itself.
  const asks = aid.mediaType === FORMATS.m4a || facts.durationSeconds === undefined;
  if (!asks) return { blocks: [], metadata: facts };
  const { streams, ...more } = await probe(bytes, aid.mediaType).catch((): Probed => ({ streams: [] }));
  return { blocks: [], metadata: { ...more, ...facts, ...soundOf(streams) } };
}

/** @throws {PermanentError} MALFORMED_DOCUMENT */
export async function readMedia(bytes: Uint8Array, name: string, mimeType: string): Promise<IAudioMetadata> {
  let media: IAudioMetadata;
  try {
    media = await readWhole(bytes, mimeType);
  } catch (error) {
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is not a valid ${mimeType} file (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
  const { codec, sampleRate, duration, trackInfo } = media.format;
  if (codec === undefined && sampleRate === undefined && duration === undefined && trackInfo.length === 0) {
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} holds no audio or video that can be made out; send an intact copy.`,
    );
  }
  return media;
}

/** Browsers record clusters without saying how long they are, which the library can't step over: what is before them says all. */
async function readWhole(bytes: Uint8Array, mimeType: string): Promise<IAudioMetadata> {
  const options = { duration: true, skipCovers: true };
  try {
    return await parseBuffer(bytes, { mimeType, size: bytes.length }, options);
  } catch (error) {
    const cluster = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(CLUSTER);
    if (!MATROSKA.has(mimeType) || cluster < 0) throw error;
    return parseBuffer(bytes.subarray(0, cluster), { mimeType, size: cluster }, options);
  }
}

/** Seconds to the millisecond, rates in Hz and bits a second. */
export function mediaFacts({ format, common }: IAudioMetadata): Parsed["metadata"] {
  return factsOf({
    durationSeconds: rounded(format.duration, 1_000),
    container: format.container,
    codec: format.codec,
    sampleRateHz: format.sampleRate,
    channels: format.numberOfChannels,
    bitsPerSample: format.bitsPerSample,
    bitRateBps: rounded(format.bitrate, 1),
    title: common.title,
    artist: common.artist,
    album: common.album,
    year: common.year,
    genre: common.genre?.join(", "),
    track: common.track?.no ?? undefined,
    comment: common.comment?.map(({ text }) => text ?? "").join(" "),
  });
}

function rounded(value: number | undefined, parts: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * parts) / parts;
}
