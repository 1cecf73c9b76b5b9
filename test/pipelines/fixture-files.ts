import { spawnSync } from "node:child_process";
import path from "node:path";
import { ROOT } from "../support/processes.js";

/** What the pipeline must make of a file; `error` in place of the rest where it must fail. */
export interface Expected {
  readonly mediaType?: string;
  readonly pages?: number;
  readonly contains?: readonly string[];
  readonly absent?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  /** Exactly these, by their codes, in their order. */
  readonly warnings?: readonly string[];
  /** How many there must be. */
  readonly chunks?: number;
  /** Whether there must be no text at all. */
  readonly silent?: boolean;
}

export const FIXTURES = path.join(ROOT, "test", "fixtures");

/** Embedded subtitles are read with ffmpeg; without it films say so. */
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0 && spawnSync("ffprobe", ["-version"]).status === 0;
const tagged = { title: "Tone", artist: "Headway", album: "Fixtures", year: 2024 };
const film: Expected = hasFfmpeg
  ? {
      contains: [
        "Subtitles (eng) The lease has expired. Nobody renews it.",
        "Subtitles (deu) Die Pacht ist abgelaufen.",
      ],
      absent: ["<i>", "-->"],
      metadata: { title: "Film", width: 64, height: 48, sampleRateHz: 8000, channels: 1 },
      warnings: ["NO_TRANSCRIBER"],
    }
  : { metadata: { title: "Film" }, silent: true, warnings: ["SUBTITLES_UNREAD", "NO_TRANSCRIBER"] };
/** HEIC is read with a program of libheif that has a decoder of HEVC; without it such files are refused. */
export const hasHeif = /^HEIC decoders:\n-/m.test(String(spawnSync("heif-convert", ["--list-decoders"]).stdout));
const readable = { contains: ["The worker renews its lease with every heartbeat."], warnings: [] };

function photograph(expected: Expected): Expected {
  return hasHeif ? expected : { mediaType: "image/heic", error: "UNSUPPORTED_TYPE" };
}

/** What LibreOffice saves of the table in scripts/make-office-fixtures.mjs: cells that span rows or columns are repeated. */
const LEASE_TABLE =
  "| Stage | Limit | Retries | | --- | --- | --- | | parse | 5 min | 3 | | parse | 20 min | 1 | | all of them | all of them | 4 |";

/** Made by scripts/make-fixtures.mjs, scripts/make-office-fixtures.mjs and scripts/make-heic-fixtures.mjs. */
export const FIXTURE_FILES: Readonly<Record<string, Expected>> = {
  "documents/leases.odt": {
    contains: [
      "What a lease is",
      "It ends & is offered again.",
      "The first point",
      "| Stage | Limit | | --- | --- | | parse | 5 min |",
    ],
    absent: ["deleted words"],
    metadata: { title: "Leases", creator: "Headway" },
  },
  "documents/leases.pptx": {
    pages: 2,
    contains: [
      "Shown first A lease ends & is offered again. Notes: Said by the speaker Shown last | Stage | Limit | | --- | --- | | parse | 5 min |",
    ],
    absent: ["7"],
    metadata: { title: "Leases & fences", creator: "Headway" },
  },
  "documents/leases.xlsx": {
    contains: ["## Workers | Worker | Leases | | --- | --- | | north & south | 12.5 |", "## Days Day 2024-01-01"],
    metadata: { title: "Leases & fences", sheets: 2, rows: 4 },
  },
  "documents/letter.rtf": {
    mediaType: "application/rtf",
    contains: [
      "Letterhead of the fleet # What a lease is A lease is a right until a time[1]. Größe, Привет, 日本語 and € 5. It ends and is offered again. ## How it ends - By its time - By its holder",
      LEASE_TABLE,
      "The end. [1] Never a right for ever. Comment (Ann): Who says so? Page of the leases",
    ],
    absent: ["hidden words", "Times New Roman", "LibreOffice"],
    metadata: {
      title: "Leases & fences",
      creator: "Headway",
      subject: "Work that is handed out",
      keywords: ["lease", "fence"],
    },
    warnings: [],
  },
  "documents/letter.doc": {
    mediaType: "application/msword",
    contains: [
      "Letterhead of the fleet # What a lease is A lease is a right until a time[1]. Größe, Привет, 日本語 and € 5. It ends and is offered again. ## How it ends - By its time - By its holder",
      LEASE_TABLE,
      "The end. [1] Never a right for ever. Comment (Ann): Who says so? Page 1 of the leases",
    ],
    absent: ["hidden words"],
    metadata: { title: "Leases & fences", creator: "Headway", keywords: ["lease", "fence"] },
    warnings: [],
  },
  "documents/prices.xls": {
    mediaType: "application/vnd.ms-excel",
    contains: [
      "## Prices Price list | Part | Since | At | Share | Price | | --- | --- | --- | --- | --- | | Größe Ж 日本 | 2026-02-03 | 08:30 | 25.6% | 4711.9 | | Größe Ж 日本 | 1999-12-31 | 23:59 | 100.0% | -3 | | north & south | | | | | Comment on A3: Ask Bob ## Notes (hidden sheet) Not for everybody",
    ],
    metadata: { title: "Leases & fences", sheets: 2 },
    warnings: [],
  },
  "documents/slides.ppt": {
    mediaType: "application/vnd.ms-powerpoint",
    pages: 2,
    contains: [
      "## Risks of the merger Loss of key staff Größe Ж 日本 Two payroll systems Notes: Say it slowly ## What is next (hidden slide) Ask the board",
    ],
    absent: ["Master", "Layout"],
    warnings: [],
  },
  "documents/signed.eml": {
    mediaType: "message/rfc822",
    contains: ["Subject: Signed lease", "The lease of Größe 7 is signed."],
    warnings: [],
  },
  "documents/letter.epub": {
    mediaType: "application/epub+zip",
    contains: ["What a lease is", "Größe, Привет, 日本語 and € 5.", "By its time", LEASE_TABLE, "The end."],
    metadata: { title: "Leases & fences", creator: "Headway", language: "en" },
    warnings: [],
  },
  "documents/with-attachments.eml": {
    mediaType: "message/rfc822",
    contains: [
      "Subject: Grüße from the fleet From: Ada <ada@example.org> To: Bob <bob@example.org>",
      "Die Prüfung ist fertig.",
      "Attachment: retry.docx # How failed work is retried",
      "Attachment: prices.csv | café | 3 | | --- | --- | | thé | 4 |",
      "Attachment: forwarded.eml Subject: Inner From: Cy <cy@example.org> Message-ID: <2@example.org> Words of the forwarded mail.",
    ],
    metadata: { title: "Grüße from the fleet", created: "2024-01-01T12:00:00.000Z", identifier: "<1@example.org>" },
    // Two words of four letters tell no encoding from its neighbours.
    warnings: ["ENCODING_GUESSED", "ATTACHMENT_UNREAD", "ATTACHMENT_UNREAD"],
  },
  "documents/letter.png": { mediaType: "image/png", metadata: { width: 600, height: 200, dpi: 200 }, ...readable },
  "documents/letter.jpg": { mediaType: "image/jpeg", metadata: { camera: "Headway Fixture 1" }, ...readable },
  "documents/letter.webp": { mediaType: "image/webp", metadata: { width: 600, height: 200 }, ...readable },
  "documents/small-print.png": { metadata: { width: 260, dpi: 72 }, ...readable },
  "documents/pages.tiff": {
    mediaType: "image/tiff",
    pages: 2,
    contains: ["The worker renews its lease with every heartbeat. Nobody renews the lease of a dead worker."],
  },
  "documents/letter.heic": photograph({
    mediaType: "image/heic",
    metadata: {
      width: 600,
      height: 200,
      orientation: 1,
      camera: "Headway Fixture 1",
      created: "2024-05-06T07:08:09",
    },
    ...readable,
  }),
  "documents/masked.heic": photograph(readable),
  "documents/turned.heic": photograph({ metadata: { width: 600, height: 200, orientation: 1 }, ...readable }),
  "documents/pages.heic": photograph({
    pages: 2,
    contains: ["The worker renews its lease with every heartbeat. Nobody renews the lease of a dead worker."],
    warnings: [],
  }),
  "documents/plain.png": { silent: true, metadata: { width: 40, height: 30 }, warnings: [] },
  "media/tone.wav": {
    mediaType: "audio/wav",
    silent: true,
    metadata: { durationSeconds: 1, codec: "PCM", sampleRateHz: 8000, channels: 1 },
    warnings: ["NO_TRANSCRIBER"],
  },
  "media/tone.mp3": { mediaType: "audio/mpeg", silent: true, metadata: { ...tagged, codec: "MPEG 2.5 Layer 3" } },
  "media/tone.flac": {
    mediaType: "audio/flac",
    silent: true,
    metadata: { ...tagged, codec: "FLAC", durationSeconds: 1 },
  },
  "media/tone.ogg": { mediaType: "audio/ogg", silent: true, metadata: { ...tagged, codec: "Vorbis I", channels: 1 } },
  "media/tone.m4a": { mediaType: "audio/mp4", silent: true, metadata: { ...tagged, codec: "MPEG-4/AAC" } },
  "media/film.mp4": { mediaType: "video/mp4", ...film },
  "media/film.mkv": { mediaType: "video/matroska", ...film },
  "media/film.webm": { mediaType: "video/webm", ...film },
};
