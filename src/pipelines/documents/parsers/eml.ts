import PostalMime, { type Attachment, type Address } from "postal-mime";
import { HeadwayError, messageOf } from "../../../errors.js";
import { parseHtml } from "./html.js";
import { factsOf, type ParseAid, type Parsed } from "./parsed.js";

/** What a person would open; a mail with more is an archive. */
const MAX_ATTACHMENTS = 200;
const MAX_LISTED = 50;

/** Who wrote to whom and what of, the body, then each attachment's text under its name. */
export async function parseEml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const mail = await PostalMime.parse(bytes, { attachmentEncoding: "arraybuffer", maxNestingDepth: 100 });
  const heads = [
    ["Subject", mail.subject],
    ["From", mail.from && addressText(mail.from)],
    ["To", mail.to?.map(addressText).join(", ")],
    ["Cc", mail.cc?.map(addressText).join(", ")],
    ["Date", mail.date],
  ] as const;
  const known = heads.filter(([, value]) => value !== undefined && value.trim() !== "");
  const blocks = [known.map(([head, value]) => `${head}: ${value}`).join("\n"), await bodyOf(mail)];
  for (const [index, attachment] of mail.attachments.slice(0, MAX_ATTACHMENTS).entries()) {
    blocks.push(await textOfAttachment(attachment, attachment.filename ?? `part ${index + 1}`, aid));
  }
  if (mail.attachments.length > MAX_ATTACHMENTS) {
    aid.warn(
      "ATTACHMENTS_LEFT_OUT",
      `${name} has ${mail.attachments.length} attachments; the text of ${MAX_ATTACHMENTS} was taken.`,
    );
  }
  const names = mail.attachments.flatMap(({ filename }) => (filename ? [filename.slice(0, 200)] : []));
  return {
    text: blocks
      .map((block) => block.trim())
      .filter((block) => block !== "")
      .join("\n\n"),
    metadata: {
      ...factsOf({ title: mail.subject, from: known.find(([head]) => head === "From")?.[1], date: mail.date }),
      ...(mail.attachments.length > 0 ? { attachments: names.slice(0, MAX_LISTED) } : {}),
    },
  };
}

/** What its writer wrote as plain text, else what the HTML says. */
async function bodyOf({ text, html }: { readonly text?: string; readonly html?: string }): Promise<string> {
  if (text !== undefined && text.trim() !== "") return text.replaceAll("\r\n", "\n");
  return html ? (await parseHtml(Buffer.from(`\uFEFF${html}`))).text : "";
}

/** Its name, and its text where a parser takes it. What can't be read is a warning: the mail itself has been read. */
async function textOfAttachment(attachment: Attachment, name: string, aid: ParseAid): Promise<string> {
  const { content } = attachment;
  const bytes = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
  try {
    const inner = await aid.parseInner(bytes, name);
    if (inner) return `Attachment: ${name}\n\n${inner.text}`;
    aid.warn("ATTACHMENT_UNREAD", `${name} (${attachment.mimeType}) is of a type that no parser takes.`);
  } catch (error) {
    const code = error instanceof HeadwayError ? error.code : "MALFORMED_DOCUMENT";
    aid.warn("ATTACHMENT_UNREAD", `${name}: ${code}: ${messageOf(error)}`);
  }
  return `Attachment: ${name}`;
}

function addressText({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(addressText).join(", ")}`;
  return name && address ? `${name} <${address}>` : (address ?? name ?? "");
}
