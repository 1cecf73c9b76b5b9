import type { IAudioMetadata } from "music-metadata";
import type { Json } from "../../pipeline.js";
import type { Block } from "../blocks/block.js";
import { mediaFacts, readMedia } from "./audio.js";
import { probe, readSubtitles, soundOf, type Probed, type ProbedStream } from "./ffmpeg.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { ProgramAbsent } from "./program.js";

const MAX_STREAMS = 50;
/** Subtitles that are pictures: there is no text in them without reading letters off a screen. */
const PICTURES = /^(dvd_subtitle|hdmv_pgs_subtitle|dvb_subtitle|xsub)$/;

/** Duration and streams; as text the embedded subtitles, track by track, where ffmpeg is installed. */
export async function parseVideo(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const media = await readMedia(bytes, name, aid.mediaType);
  const { codec: _, ...facts } = mediaFacts(media);
  let probed: Probed;
  try {
    probed = await probe(bytes, aid.mediaType);
  } catch (error) {
    const why = error instanceof ProgramAbsent ? "ffmpeg is not installed here" : "ffmpeg could not read the file";
    aid.warn("SUBTITLES_UNREAD", `${name}: ${why}, so that embedded subtitles were not looked for.`);
    return { blocks: [], metadata: { ...facts, streams: tracksOf(media) } };
  }
  const { streams, durationSeconds } = probed;
  const listed = streams.slice(0, MAX_STREAMS);
  return {
    blocks: await subtitlesOf(bytes, name, listed, aid),
    metadata: {
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      ...facts,
      ...sizeOf(listed),
      ...soundOf(listed),
      streams: listed.map(({ index: _index, ...stream }) => stream),
    },
  };
}

async function subtitlesOf(
  bytes: Uint8Array,
  name: string,
  streams: readonly ProbedStream[],
  aid: ParseAid,
): Promise<Block[]> {
  const tracks: Block[] = [];
  for (const { type, codec, index, language } of streams) {
    if (type !== "subtitle") continue;
    const track = language ? `Subtitles (${language})` : "Subtitles";
    if (PICTURES.test(codec ?? "")) {
      aid.warn("SUBTITLES_UNREAD", `${name}: the track ${index} holds its subtitles as pictures (${codec}).`);
      continue;
    }
    try {
      const text = await readSubtitles(bytes, aid.mediaType, index);
      if (text !== "") tracks.push({ kind: "heading", level: 2, text: track }, { kind: "lines", text });
    } catch (error) {
      aid.warn("SUBTITLES_UNREAD", `${name}: the subtitles of track ${index} could not be read (${String(error)}).`);
    }
  }
  return tracks;
}

function sizeOf(streams: readonly ProbedStream[]): Record<string, Json> {
  const video = streams.find(({ type }) => type === "video");
  return video?.width && video.height ? { width: video.width, height: video.height } : {};
}

/** Streams as the container itself lists them. */
function tracksOf({ format }: IAudioMetadata): Json[] {
  return format.trackInfo.slice(0, MAX_STREAMS).map(({ codecName, language, audio, video }) => ({
    type: video ? "video" : audio ? "audio" : "other",
    ...(codecName ? { codec: codecName } : {}),
    ...(language ? { language } : {}),
    ...(video?.pixelWidth ? { width: video.pixelWidth } : {}),
    ...(video?.pixelHeight ? { height: video.pixelHeight } : {}),
    ...(audio?.samplingFrequency ? { sampleRateHz: audio.samplingFrequency } : {}),
    ...(audio?.channels ? { channels: audio.channels } : {}),
  }));
}
