// Makes examples/documents, small documents of the project's own in many formats, and examples/batch, invoices for a
// batch with a broken one among them. Run it again after a change here.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { deflateRawSync, crc32 } from "node:zlib";
import { ROOT } from "./ready.mjs";

const EXAMPLES = path.join(ROOT, "examples");
/** Of make-fixtures.mjs, which needs more than Node. */
const FIXTURES = path.join(ROOT, "test", "fixtures");

const paragraphs = {
  lease: [
    "A lease is a worker's right to run a task until a time.",
    "The worker renews it with every heartbeat. When the worker dies, nobody renews the lease; the sweep finds it expired and offers the task again.",
    "Every claim raises the fence of the task. What a worker writes carries the fence of its claim, so a worker that was frozen and wakes up too late can't overwrite what its successor did: its write changes no row, and is kept as evidence.",
  ],
  retry: [
    "When a stage throws, its task goes back to the queue and is tried again after a pause that grows with each attempt.",
    "When the last attempt has failed, the task is FAILED. It keeps the outputs of the stages before, so that a retry goes on where it stopped.",
    "To retry a whole job, call retryJob: its failed and cancelled tasks run again under the same ids, and the collection stages run again after them.",
  ],
};

const files = {
  "lifecycle.md": `# How a task lives\n\nA task is born QUEUED. A worker claims it, and it is RUNNING, stage by stage. In the end it is COMPLETED, FAILED, CANCELLED or SKIPPED.\n\n## Every change has a reason\n\nThe history has one row for each change: from where, to where, who did it, why, and when. Nothing is ever deleted from it.\n\n## Nothing stays stuck\n\nA job is settled by the state of its tasks, not by a message. If the last worker dies at the last moment, the next sweep settles the job, and so does anybody who reads it.\n`,
  "glossary.txt": `GLOSSARY\n\nCollection: a named set of documents.\n\nDocument: one input of a collection.\n\nJob: one submission of a collection to a pipeline.\n\nTask: one document's way through the pipeline.\n\nStage: a named step of a pipeline.\n\nHint: word to a worker that something is due; losing one costs one poll.\n`,
  "leases.html": `<!doctype html>\n<html lang="en">\n<head><title>Leases and fences</title><style>p { margin: 1em }</style></head>\n<body>\n<h1>Leases and fences</h1>\n${paragraphs.lease.map((text) => `<p>${text}</p>`).join("\n")}\n<p>See also <a href="https://example.org/retry">how failed work is retried</a>.</p>\n</body>\n</html>\n`,
  "stages.csv": `stage,what it does,what it refuses\ndownload,brings the bytes into the store,TOO_LARGE\nvalidate,finds out what the bytes are,UNSUPPORTED_TYPE\nparse,extracts the text,MALFORMED_DOCUMENT\nchunk,cuts the text into pieces,\nembed,gives each piece its vector,\nstore,hands everything over,\n`,
  "pipeline.json": `${JSON.stringify({ name: "documents", stages: ["download", "validate", "parse", "chunk", "embed", "store"], retries: { maxAttempts: 3, backoff: "exponential with full jitter" }, note: "A stage that fails for good names its error and what to do." }, null, 2)}\n`,
  "statuses.xml": `<?xml version="1.0" encoding="UTF-8"?>\n<statuses>\n  <status name="QUEUED">The task is due, or will be at its time.</status>\n  <status name="RUNNING">A worker holds the lease of the task.</status>\n  <status name="COMPLETED">The task has passed all its stages.</status>\n  <status name="FAILED">The task stopped at a stage, with an error that says what to do.</status>\n</statuses>\n`,
  "retry.docx": docx("How failed work is retried", paragraphs.retry),
  "leases.pdf": pdf("Leases and fences", paragraphs.lease),
  "question.eml": `From: Ada Lovelace <ada@example.org>\r\nTo: Charles Babbage <charles@example.org>\r\nSubject: What becomes of my documents?\r\nDate: Mon, 05 Jan 2026 09:30:00 +0000\r\nMessage-ID: <question@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDear Charles,\r\n\r\none of two hundred was broken. Did the others wait for it?\r\nThey did not: it failed alone, and said why.\r\n\r\nAda\r\n`,
};
const copied = {
  "fleet.odt": "documents/leases.odt",
  "fleet.pptx": "documents/leases.pptx",
  "fleet.xlsx": "documents/leases.xlsx",
  "heartbeat.png": "documents/letter.png",
  "tone.wav": "media/tone.wav",
};

const items = (number, date, total) => [`Invoice number: ${number}`, `Date: ${date}`, `Total: ${total}`];
const lines = (number, date, total) => ["INVOICE", "", ...items(number, date, total), ""].join("\n");
const invoices = {
  "01-paper.txt": lines("HW-1041", "2026-01-05", "1,234.50 USD"),
  "02-printing.md": `# Invoice\n\n${items("HW-1042", "2026-01-09", "$98.00").join("\n\n")}\n`,
  "03-hosting.html": `<!doctype html>\n<html lang="en">\n<head><title>Invoice</title></head>\n<body>\n<h1>Invoice</h1>\n${items(
    "HW-1043",
    "2026-01-12",
    "USD 2 400.00",
  )
    .map((text) => `<p>${text}</p>`)
    .join("\n")}\n</body>\n</html>\n`,
  "04-travel.docx": docx("Invoice", items("HW-1044", "2026-01-20", "318.75 USD")),
  "05-legal.pdf": pdf("Invoice", items("HW-1045", "2026-02-02", "5.600,00 USD")),
  "06-fonts.csv": "field,value\nInvoice number,HW-1046\nDate,2026-02-11\nTotal,49.90\n",
  "07-books.json": `${JSON.stringify({ "Invoice number": "HW-1047", Date: "2026-02-14", Total: "77.25" }, null, 2)}\n`,
  "08-refund.xml": `<?xml version="1.0" encoding="UTF-8"?>\n<invoice>\n  <line>Invoice number: HW-1048</line>\n  <line>Date: 2026-02-20</line>\n  <line>Total: -98.00</line>\n</invoice>\n`,
  "09-cleaning.eml": `From: Office <office@example.org>\r\nTo: Accounts <accounts@example.org>\r\nSubject: Your invoice\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\nMessage-ID: <invoice@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${items("HW-1049", "2026-03-01", "150.00 USD").join("\r\n")}\r\n`,
  // As a download leaves it that broke off.
  "10-cut-off.pdf": pdf("Invoice", items("HW-1050", "2026-03-04", "12.00 USD")).slice(0, 420),
};

write("documents", files);
write("batch", invoices);
for (const [name, from] of Object.entries(copied)) {
  copyFileSync(path.join(FIXTURES, from), path.join(EXAMPLES, "documents", name));
}
console.log(`copied ${Object.keys(copied).length} more to examples/documents`);

function write(folder, contents) {
  mkdirSync(path.join(EXAMPLES, folder), { recursive: true });
  for (const [name, content] of Object.entries(contents)) writeFileSync(path.join(EXAMPLES, folder, name), content);
  console.log(`wrote ${Object.keys(contents).length} files to examples/${folder}`);
}

/** The least that word processors take for a document: a heading and paragraphs. */
function docx(title, texts) {
  const run = (text) =>
    `<w:r><w:t xml:space="preserve">${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</w:t></w:r>`;
  const body = [
    `<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>${run(title)}</w:p>`,
    ...texts.map((text) => `<w:p>${run(text)}</w:p>`),
  ].join("");
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  return zip({
    "[Content_Types].xml": `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    "_rels/.rels": `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    "word/document.xml": `${head}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
  });
}

/** A ZIP archive, deflated, with one fixed date so that the bytes are always the same. */
function zip(entries) {
  const locals = [];
  const centrals = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(text);
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0x5a21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(centrals.length, 4);
  end.writeUInt16LE(centrals.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06", "latin1"), end]);
}

/** One page of Helvetica, lines broken at 90 characters. */
function pdf(title, texts) {
  const lines = texts.flatMap((text) => [...wrap(text, 90), ""]);
  const escape = (text) => text.replace(/[\\()]/g, "\\$&");
  const content = `BT /F1 18 Tf 60 780 Td (${escape(title)}) Tj /F1 11 Tf 0 -14 Td 15 TL\n${lines.map((line) => `T* (${escape(line)}) Tj`).join("\n")}\nET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    `<< /Title (${escape(title)}) /Author (The Headway authors) >>`,
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")}`;
  return `${text}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${start}\n%%EOF\n`;
}

function wrap(text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines;
}
