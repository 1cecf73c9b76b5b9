import { decodeText } from "../../decode-text.js";
import { detect } from "../../documents/detect.js";
import { looksLikeTable } from "./formats/table-rows.js";

export const XLS = "application/vnd.ms-excel";
export const OFX = "application/x-ofx";
export const CAMT = "application/x-camt";
export const MT940 = "application/x-mt940";
export const QIF = "application/qif";
export const E_INVOICE = "application/x-einvoice+xml";

/** What is read, and as what; `either` is a statement or a receipt by its content. */
export const ROLES: Readonly<Record<string, "statement" | "receipt" | "either">> = {
  "text/csv": "statement",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "statement",
  [XLS]: "statement",
  [OFX]: "statement",
  [CAMT]: "statement",
  [MT940]: "statement",
  [QIF]: "statement",
  [E_INVOICE]: "receipt",
  "application/pdf": "either",
  "image/png": "receipt",
  "image/jpeg": "receipt",
  "image/webp": "receipt",
  "image/tiff": "receipt",
  "image/heic": "receipt",
  "message/rfc822": "receipt",
  "text/html": "receipt",
  "text/plain": "receipt",
};

const HEAD_BYTES = 16_384;

/** The media type by content; formats of banks and e-mails are text, and told by how they begin. */
export async function detectExpense(bytes: Uint8Array, name: string): Promise<string> {
  const mediaType = await detect(bytes, name);
  if (!/^(text\/|application\/(xml|json|octet-stream)|message\/)/.test(mediaType)) return mediaType;
  const head = decodeText(bytes.subarray(0, HEAD_BYTES)).text;
  const own = bankFormat(head);
  if (own !== null) return own;
  if (
    /^(?:[A-Za-z-]{2,40}:.*\r?\n(?:[ \t].*\r?\n)*)*?(?:from|mime-version|received):/im.test(head.slice(0, 2_000)) &&
    /\.(eml|msg)$/i.test(name)
  )
    return "message/rfc822";
  if (mediaType === "text/html" || mediaType === "text/csv") return mediaType;
  if (mediaType.startsWith("text/") && (/\.(csv|tsv|tab)$/i.test(name) || looksLikeTable(head))) return "text/csv";
  return mediaType === "text/markdown" ? "text/plain" : mediaType;
}

/** Whatever stands before the first tag: headers of both generations, a declaration, a comment, nothing. */
function bankFormat(head: string): string | null {
  if (/<OFX>/i.test(head) && (/OFXHEADER|<\?OFX/i.test(head) || /^\s*(<!--[\s\S]*?-->\s*)?<OFX>/i.test(head)))
    return OFX;
  if (/^\s*OFXHEADER\s*:/i.test(head)) return OFX;
  if (
    /<(?:\w+:)?(?:BkToCstmrStmt|BkToCstmrAcctRpt|BkToCstmrDbtCdtNtfctn)(?:V01)?\b/.test(head) ||
    /urn:iso:std:iso:20022:tech:xsd:camt\.05[234]/.test(head)
  )
    return CAMT;
  if (
    /<(?:\w+:)?(?:CrossIndustryInvoice|CrossIndustryDocument)\b/.test(head) ||
    /urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2/.test(head)
  )
    return E_INVOICE;
  if (/^\s*(?:\{1:|:20:|:25P?:)/m.test(head) && /^(?:\{[^}]*\}|\s)*:(?:25P?|60[FM]|61|86):/m.test(head)) return MT940;
  if (/^:61:\d{6}.*[CD]/m.test(head)) return MT940;
  return /^\s*!(?:Type:|Account|Option:|Clear:)/i.test(head.replace(/^\ufeff/, "")) ? QIF : null;
}
