import sharp from "sharp";
import { FORMATS } from "../../src/pipelines/documents/formats.js";
import { parsedFile } from "./parsed-file.js";

const read = (text: string, name: string) => parsedFile(Buffer.from(text), name);

describe("subtitles", () => {
  test("are what is said, a cue a line, without times, marks and repetitions", async () => {
    const srt =
      "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Nobody</i> renews it.\r\n\r\n2\r\n00:01:02,000 --> 00:01:04,000\r\n{\\an8}It ends.\r\nIt ends.\r\n";
    const { mediaType, text, metadata } = await read(srt, "film.srt");
    expect(mediaType).toBe(FORMATS.srt);
    expect(text).toBe("Nobody renews it.\nIt ends.");
    expect(metadata).toMatchObject({ cues: 2, durationSeconds: 64 });
  });

  test("of WebVTT are known by their beginning, and name who speaks", async () => {
    const vtt =
      "WEBVTT\nLanguage: de\n\nNOTE not said\n\nintro\n00:01.000 --> 00:03.000 align:start\n<v Ada>Wer &amp; wann?</v>\n";
    const { mediaType, text, metadata } = await read(vtt, "film.txt");
    expect(mediaType).toBe(FORMATS.vtt);
    expect(text).toBe("Ada: Wer & wann?");
    expect(metadata).toMatchObject({ language: "de", durationSeconds: 3 });
  });

  test("keep what an empty line parts from its cue, and what stands under broken times", async () => {
    const srt =
      "1\n00:00:01,000 --> 00:00:02,500\nNobody\n\nrenews it.\n\n2\n00:01:0x,000 -=> 00:01:04,000\nIt ends.\n";
    expect((await read(srt, "film.srt")).text).toBe("Nobody\nrenews it.\nIt ends.");
    const vtt =
      "WEBVTT - a film\n\nSTYLE\n::cue { color: red }\n\nNOTE two\nlines\n\nintro\n00:01.000 --> 00:03.000\nWer?\n";
    expect((await read(vtt, "film.vtt")).text).toBe("Wer?");
  });
});

describe("a calendar", () => {
  test("is read event by event, with times as written, their zone, and folded lines put together", async () => {
    const ics = [
      "BEGIN:VCALENDAR",
      "PRODID:-//Headway//EN",
      "X-WR-CALNAME:Fleet",
      "BEGIN:VTIMEZONE",
      "TZID:Europe/Berlin",
      "END:VTIMEZONE",
      "BEGIN:VEVENT",
      "SUMMARY:Review\\, yearly",
      "DTSTART;TZID=Europe/Berlin:20260203T140500",
      "DTEND:20260203T150000Z",
      "RRULE:FREQ=YEARLY",
      "LOCATION:Room 7",
      'ORGANIZER;CN="Ada; Lead":mailto:ada@example.org',
      "ATTENDEE;CN=Bob:mailto:bob@example.org",
      "DESCRIPTION:Bring the le",
      " ases.\\nAll of them.",
      "BEGIN:VALARM",
      "DESCRIPTION:Reminder",
      "END:VALARM",
      "END:VEVENT",
      "BEGIN:VTODO",
      "SUMMARY:Renew",
      "DUE;VALUE=DATE:20260301",
      "END:VTODO",
      "END:VCALENDAR",
    ].join("\r\n");
    const { mediaType, text, metadata } = await read(ics, "invite");
    expect(mediaType).toBe(FORMATS.ics);
    expect(text).toBe(
      "## Review, yearly\n\nBegins: 2026-02-03 14:05 (Europe/Berlin)\nEnds: 2026-02-03 15:00 UTC\nRepeats: FREQ=YEARLY\nWhere: Room 7\n" +
        "Organizer: Ada; Lead <ada@example.org>\nAttendee: Bob <bob@example.org>\n\nBring the leases.\nAll of them.\n\n## Renew\n\nDue: 2026-03-01",
    );
    expect(metadata).toMatchObject({ title: "Fleet", events: 2, producer: "-//Headway//EN" });
  });

  test.each([
    ["breaks off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:One\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Two\nLOC"],
    [
      "has lost its beginning",
      "DAR\nBEGIN:VEVENT\nSUMMARY:One\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Two\nEND:VEVENT\nEND:VCALENDAR",
    ],
    [
      "has a broken end",
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:One\nEND:VEVFNT\nBEGIN:VEVENT\nSUMMARY:Two\nEND:VEVENT\nEND:VCALENDAR",
    ],
  ])("that %s is read as far as it goes, with a warning", async (_what, ics) => {
    const { text, codes } = await read(ics, "fleet.ics");
    expect([text, codes]).toEqual(["## One\n\n## Two", ["PART_UNREAD"]]);
  });
});

describe("a notebook", () => {
  test("is read cell by cell, with what came of the code; tables as tables, without a terminal's colours", async () => {
    const book = {
      nbformat: 4,
      metadata: { kernelspec: { language: "python" } },
      cells: [
        { cell_type: "markdown", source: ["# Leases\n", "\n", "All of *them*."] },
        {
          cell_type: "code",
          source: "print(1)",
          outputs: [
            { output_type: "stream", text: ["\u001b[31m1\u001b[0m\n"] },
            {
              output_type: "execute_result",
              data: { "text/html": "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>" },
            },
            { output_type: "error", ename: "KeyError", evalue: "'a'" },
          ],
        },
      ],
    };
    const { mediaType, text, metadata } = await read(JSON.stringify(book), "leases.ipynb");
    expect(mediaType).toBe(FORMATS.ipynb);
    expect(text).toBe(
      "# Leases\n\nAll of *them*.\n\n```python\nprint(1)\n```\n\n```\n1\n```\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\n```\nKeyError: 'a'\n```",
    );
    expect(metadata).toMatchObject({ title: "Leases", programmingLanguage: "python", cells: 2 });
  });

  test("that is none is broken", async () => {
    await expect(read('{"a":1}', "leases.ipynb")).rejects.toMatchObject({ code: "MALFORMED_DOCUMENT" });
  });
});

describe("a mailbox", () => {
  const mail = (subject: string, body: string): string =>
    `From ada@example.org Mon Jan  1 12:00:00 2024\nFrom: Ada <ada@example.org>\nSubject: ${subject}\nMIME-Version: 1.0\n\n${body}\n\n`;

  test("is not cut at lines of prose that begin as the first line of a mail does", async () => {
    const prose =
      "We went on.\n\nFrom Paris in 1999 we took the train at 12:30.\nIt was Monday.\n\nFrom Mon to Fri 2024 is closed.";
    const { codes, metadata } = await read(mail("One", prose) + mail("Two", "The end."), "mail.mbox");
    expect([codes, metadata.messages]).toEqual([[], 2]);
  });

  test("is read mail by mail, each with its parts; a line of a body that begins with From is none", async () => {
    const text = mail("One", ">From here on.") + mail("Two", "The end.");
    const { mediaType, text: said, metadata, blocks } = await read(text, "old");
    expect(mediaType).toBe(FORMATS.mbox);
    expect(said).toBe(
      "Subject: One\nFrom: Ada <ada@example.org>\n\nFrom here on.\n\nSubject: Two\nFrom: Ada <ada@example.org>\n\nThe end.",
    );
    expect(metadata).toEqual({ messages: 2 });
    expect(blocks.at(-1)).toMatchObject({ part: "message 2" });
  });

  test("of one mail is that mail, unless its name says that it is a mailbox", async () => {
    expect((await read(mail("One", "a"), "mail.txt")).mediaType).toBe(FORMATS.eml);
    expect((await read(mail("One", "a"), "mail.mbox")).mediaType).toBe(FORMATS.mbox);
  });
});

describe("a bitmap", () => {
  test.each([
    [24, Buffer.from([0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0])],
    [32, Buffer.from([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0])],
  ])("of %s bits is read as the picture that it is", async (bits, pixels) => {
    const head = Buffer.alloc(54);
    head.write("BM");
    head.writeUInt32LE(54, 10);
    head.writeUInt32LE(40, 14);
    head.writeInt32LE(2, 18);
    head.writeInt32LE(2, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeInt32LE(3_937, 38);
    const { mediaType, metadata } = await parsedFile(Buffer.concat([head, pixels]), "scan.bmp");
    expect(mediaType).toBe(FORMATS.bmp);
    expect(metadata).toMatchObject({ width: 2, height: 2, dpi: 100 });
  });

  test("that claims more pixels than are taken is refused before they are made", async () => {
    const head = Buffer.alloc(54);
    head.write("BM");
    head.writeUInt32LE(54, 10);
    head.writeUInt32LE(40, 14);
    head.writeInt32LE(100_000, 18);
    head.writeInt32LE(100_000, 22);
    head.writeUInt16LE(24, 28);
    await expect(parsedFile(head, "wide.bmp")).rejects.toMatchObject({ code: "RESOURCE_LIMIT" });
  });

  test("has a brother of a newer kind, avif, which is read too", async () => {
    const avif = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#ffffff" } })
      .avif()
      .toBuffer();
    expect((await parsedFile(avif, "photo.avif")).mediaType).toBe(FORMATS.avif);
  });
});

describe("a web page that hides", () => {
  const words = "<p>What the council decided.</p>".repeat(60);

  test("nearly all of itself until its scripts have run is read", async () => {
    const page = `<html><body><p>Please wait.</p><div style="display: none"><script>go()</script>${words}<template><p>mould</p></template></div></body></html>`;
    const { text } = await parsedFile(Buffer.from(page), "news.html");
    expect(text).toContain("What the council decided.");
    expect(text).not.toMatch(/go\(\)|mould/);
  });

  test("something beside what it shows keeps that to itself, and a script is nothing that it hides", async () => {
    const hides = `<html><body>${words}<div hidden><p>${"secret ".repeat(400)}</p></div></body></html>`;
    expect((await parsedFile(Buffer.from(hides), "news.html")).text).not.toContain("secret");
    const script = `<html><body><p>Short.</p><div hidden><script>${"go(); ".repeat(400)}</script>No.</div></body></html>`;
    expect((await parsedFile(Buffer.from(script), "news.html")).text).toBe("Short.");
  });
});
