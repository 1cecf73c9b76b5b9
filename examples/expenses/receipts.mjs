import { money, pdf, right, written } from "./papers.mjs";
import { SYMBOLS } from "./statements.mjs";

/** Layouts of receipts. Each takes what was bought, and chance, and gives { extension, bytes }; a date of null is left out. */
export const RECEIPTS = { tillTxt, invoicePdf, bonPdf, mailEml, pictureSvg };

const DATE = { USD: "MM/DD/YYYY", GBP: "DD/MM/YYYY", EUR: "DD.MM.YYYY" };

/** Two items and the tax that add up to the sum. */
function itemsOf(random, amountMinor) {
  const all = Math.abs(amountMinor);
  const tax = Math.round(all * 0.08);
  const first = Math.round((all - tax) * (0.3 + random.next() * 0.4));
  return { tax, first, second: all - tax - first, net: all - tax };
}

function tillLines(random, { merchant, date, amountMinor, currency, number }) {
  const { tax, first, second, net } = itemsOf(random, amountMinor);
  const sum = `${amountMinor < 0 ? "-" : ""}${SYMBOLS[currency]}${money(amountMinor)}`;
  const row = (label, value) => `${label.padEnd(22)}${value.padStart(12)}`;
  return [
    merchant,
    `${random.int(10, 999)} Main Street`,
    ...(date === null ? [] : [`${written(date, DATE[currency])}   ${random.int(10, 20)}:${random.int(10, 59)}`]),
    `Check #: ${number}`,
    "",
    row("1 Item one", money(first)),
    row("1 Item two", money(second)),
    row("Subtotal", money(net)),
    row("Tax", money(tax)),
    row(amountMinor < 0 ? "TOTAL REFUND" : "TOTAL", sum),
    row("VISA ****4410", money(amountMinor)),
    "Thank you",
  ];
}

function tillTxt(random, receipt) {
  return { extension: "txt", bytes: Buffer.from(tillLines(random, receipt).join("\n")) };
}

async function invoicePdf(random, { merchant, date, amountMinor, currency, number }) {
  const { tax, first, second, net } = itemsOf(random, amountMinor);
  const row = (y, label, value) => [
    [50, y, label],
    [500, y, value, right],
  ];
  const symbol = SYMBOLS[currency];
  const page = [
    [50, 40, amountMinor < 0 ? "CREDIT NOTE" : "INVOICE", { size: 14 }],
    [50, 70, merchant, { size: 12 }],
    [50, 86, "Unit 4, Canal Wharf"],
    [50, 110, `Invoice number: INV-${number}`],
    ...(date === null ? [] : [[50, 124, `Invoice date: ${written(date, "D Mon YYYY")}`]]),
    ...row(160, "Services as agreed", `${symbol}${money(first)}`),
    ...row(174, "Extras", `${symbol}${money(second)}`),
    ...row(200, "Net", `${symbol}${money(net)}`),
    ...row(214, "VAT", `${symbol}${money(tax)}`),
    ...row(232, amountMinor < 0 ? "Amount refunded" : "Total due", `${symbol}${money(amountMinor)}`),
  ];
  return { extension: "pdf", bytes: await pdf([page]) };
}

async function bonPdf(random, { merchant, date, amountMinor, currency, number }) {
  const { tax, first, second } = itemsOf(random, amountMinor);
  const row = (y, label, value) => [
    [50, y, label],
    [250, y, value, right],
  ];
  const page = [
    [50, 40, merchant, { size: 12 }],
    [50, 56, "Hauptstraße 8"],
    [50, 80, `Rechnung Nr. ${number}`],
    ...(date === null ? [] : [[50, 94, `Datum ${written(date, "DD.MM.YYYY")}`]]),
    ...row(120, "Position 1", money(first, ",", ".")),
    ...row(134, "Position 2", money(second, ",", ".")),
    ...row(150, "MwSt. 8 %", money(tax, ",", ".")),
    ...row(166, amountMinor < 0 ? "Gutschrift Summe" : "Summe", `${money(amountMinor, ",", ".")} ${currency}`),
  ];
  return { extension: "pdf", bytes: await pdf([page]) };
}

function mailEml(random, { merchant, date, sentOn, amountMinor, currency, number }) {
  const { first, second, tax } = itemsOf(random, amountMinor);
  const symbol = SYMBOLS[currency];
  const cell = (label, value) => `<tr><td>${label}</td><td>${symbol}${money(value)}</td></tr>`;
  const html = `<html><body><p>Thanks for your ${amountMinor < 0 ? "patience: here is your refund" : "order"}.</p><p>Order number ${number}</p>${date === null ? "" : `<p>${written(date, "D Mon YYYY")}</p>`}<table>${cell("Item one", first)}${cell("Item two", second)}${cell("Tax", tax)}${cell(amountMinor < 0 ? "Total refunded" : "Total", amountMinor)}</table></body></html>`;
  const domain = merchant
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z]/g, "");
  const text = [
    `Date: ${new Date(`${sentOn}T18:20:00Z`).toUTCString().replace("GMT", "+0000")}`,
    `From: =?UTF-8?B?${Buffer.from(`${merchant} Receipts`).toString("base64")}?= <noreply@${domain}.example>`,
    "To: jane@example.com",
    `Subject: Your receipt ${number}`,
    "MIME-Version: 1.0",
    'Content-Type: text/html; charset="utf-8"',
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from(html)
      .toString("base64")
      .match(/.{1,76}/g)
      .join("\r\n"),
    "",
  ].join("\r\n");
  return { extension: "eml", bytes: Buffer.from(text) };
}

async function pictureSvg(random, receipt) {
  const { default: sharp } = await import("sharp");
  const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const lines = tillLines(random, receipt).map(
    (text, at) => `<text x="24" y="${44 + at * 28}" xml:space="preserve">${escape(text)}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="460" height="400"><rect width="460" height="400" fill="#fbfaf5"/><g font-family="DejaVu Sans Mono, monospace" font-size="19" fill="#2a2a2a">${lines.join("")}</g></svg>`;
  return { extension: "png", bytes: await sharp(Buffer.from(svg)).png().toBuffer() };
}
