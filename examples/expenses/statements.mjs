import writeXlsx from "write-excel-file/node";
import { csvCell, money, pdf, right, written } from "./papers.mjs";

const SYMBOLS = { USD: "$", GBP: "£", EUR: "€" };
const ROWS_ON_PAGE = 22;

/**
 * Layouts of statements. Each takes { lines, employee, currency, month } and gives { extension, bytes, shows }, where
 * `shows` names what the layout can tell: a line's original amount, its employee, its currency.
 */
export const LAYOUTS = { usCsv, deCsv, ukCsv, membersCsv, workbook, usPdf, ukPdf, printedPdf, ofxSgml, ofxXml };

/** What a currency's banks use. */
export const LAYOUTS_OF = {
  USD: ["usCsv", "usPdf", "membersCsv", "workbook", "ofxSgml", "printedPdf"],
  GBP: ["ukCsv", "ukPdf", "membersCsv", "workbook", "ofxXml", "printedPdf"],
  EUR: ["deCsv", "workbook", "ofxXml", "membersCsv"],
};

const shows = { original: false, employee: true, currency: true };

/** A card of the United States: month first, what is spent is negative. */
function usCsv({ lines, employee }) {
  const rows = lines.map((line) => {
    const amount =
      line.amountMinor === null ? "" : `${line.amountMinor > 0 ? "-" : ""}${money(line.amountMinor, ".", "")}`;
    const date = line.date === null ? "" : written(line.date, "MM/DD/YYYY");
    const type = (line.amountMinor ?? 1) < 0 ? "Return" : "Sale";
    return [date, date, line.description, "", type, amount, ""].map(csvCell).join(",");
  });
  const bytes = Buffer.from(
    [
      `Cardholder,${employee}`,
      "Currency,USD",
      "Transaction Date,Post Date,Description,Category,Type,Amount,Memo",
      ...rows,
      "",
    ].join("\r\n"),
  );
  return { extension: "csv", bytes, shows };
}

/** A German bank: semicolons, a decimal comma, windows-1252, whose account it is above. */
function deCsv({ lines, employee, month }) {
  const period = `01.${month}.2026 - ${new Date(Date.UTC(2026, Number(month), 0)).getUTCDate()}.${month}.2026`;
  const rows = lines.map((line) => {
    const amount =
      line.amountMinor === null ? "" : `${line.amountMinor > 0 ? "-" : ""}${money(line.amountMinor, ",", ".")}`;
    const date = line.date === null ? "" : written(line.date, "DD.MM.YYYY");
    return [date, date, line.description, amount, "EUR"].map((cell) => `"${cell}"`).join(";");
  });
  const text = [
    `"Kontoinhaber:";"${employee}"`,
    `"Zeitraum:";"${period}"`,
    "",
    '"Buchungstag";"Wertstellung";"Verwendungszweck";"Betrag";"Währung"',
    ...rows,
    "",
  ].join("\r\n");
  return { extension: "csv", bytes: Buffer.from(text, "latin1"), shows };
}

/** A British bank: two columns of amounts and a balance. */
function ukCsv({ lines, employee }) {
  let balance = 500_000;
  const rows = lines.map((line) => {
    const amount = line.amountMinor ?? 0;
    balance -= amount;
    const date = line.date === null ? "" : written(line.date, "DD Mon YYYY");
    const [out, back] = amount >= 0 ? [`£${money(amount)}`, ""] : ["", `£${money(amount)}`];
    return [date, line.description, line.amountMinor === null ? "" : out, back, `£${money(balance)}`]
      .map(csvCell)
      .join(",");
  });
  const text = [
    `Account Holder,${csvCell(employee)}`,
    "",
    "Date,Narrative,Paid Out,Paid In,Balance",
    `01 ${written(lines[0].bookedOn, "Mon")} 2026,OPENING BALANCE,,,"£5,000.00"`,
    ...rows,
    "",
  ];
  return { extension: "csv", bytes: Buffer.from(text.join("\n")), shows };
}

/** A company's card export: an employee a line, parentheses for credits. */
function membersCsv({ lines, currency }) {
  const order = currency === "USD" ? "MM/DD/YY" : "DD/MM/YY";
  const rows = lines.map((line) => {
    const amount =
      line.amountMinor === null ? "" : line.amountMinor < 0 ? `(${money(line.amountMinor)})` : money(line.amountMinor);
    return [line.date === null ? "" : written(line.date, order), line.employee ?? "", line.description, amount]
      .map(csvCell)
      .join(",");
  });
  const bytes = Buffer.from([`Date,Card Member,Description,Amount (${currency})`, ...rows, ""].join("\n"));
  return { extension: "csv", bytes, shows };
}

async function workbook({ lines, currency }) {
  const total = lines.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0), 0);
  const rows = lines.map(({ employee, date, description, original, amountMinor }) => [
    employee,
    date === null ? null : { value: new Date(`${date}T00:00:00Z`), type: Date, format: "dd.mm.yyyy" },
    description,
    original ? original.amountMinor / 100 : null,
    original?.currency ?? null,
    amountMinor === null ? null : amountMinor / 100,
  ]);
  const head = ["Employee", "Transaction date", "Merchant", "Original amount", "Original currency"];
  const data = [
    ["Company cards"],
    [],
    [...head, `Amount ${currency}`],
    ...rows,
    ["Total", null, null, null, null, total / 100],
  ];
  const bytes = await writeXlsx(data, { sheet: "Transactions" }).toBuffer();
  return { extension: "xlsx", bytes, shows: { ...shows, original: true } };
}

function paged(lines, page) {
  const pages = [];
  for (let start = 0; start < lines.length; start += ROWS_ON_PAGE)
    pages.push(page(lines.slice(start, start + ROWS_ON_PAGE), start === 0));
  return pages;
}

/** No year in the lines; what was paid abroad stands below. */
function usPdf({ lines, employee, month }) {
  const last = new Date(Date.UTC(2026, Number(month), 0)).getUTCDate();
  const pages = paged(lines, (part, isFirst) => {
    const page = [
      [50, 40, "Summit Rewards Visa", { size: 16 }],
      [50, 70, `Cardmember: ${employee}`],
      [50, 84, `Opening/Closing Date ${month}/01/26 - ${month}/${last}/26`],
      ...(isFirst
        ? [
            [50, 100, "Previous Balance"],
            [540, 100, "$1,204.11", right],
          ]
        : []),
      [50, 130, "Trans Date"],
      [102, 130, "Post Date"],
      [155, 130, "Description"],
      [540, 130, "Amount", right],
    ];
    let y = 146;
    for (const line of part) {
      if (line.date !== null) page.push([50, y, written(line.date, "MM/DD")], [102, y, written(line.date, "MM/DD")]);
      page.push([155, y, line.description]);
      if (line.amountMinor !== null)
        page.push([540, y, `${line.amountMinor < 0 ? "-" : ""}$${money(line.amountMinor)}`, right]);
      if (line.original)
        page.push([
          155,
          (y += 11),
          `${money(line.original.amountMinor)} ${line.original.currency} X 1.0800 (EXCHG RATE)`,
        ]);
      y += 14;
    }
    page.push(
      [50, y + 20, "Total for this page"],
      [540, y + 20, "$0.00", right],
      [280, 800, "Questions? Call 1-800-555-0100"],
    );
    return page;
  });
  return pdf(pages).then((bytes) => ({ extension: "pdf", bytes, shows: { ...shows, original: true } }));
}

/** What comes in and goes out differs by column alone. */
function ukPdf({ lines, employee, month }) {
  const last = new Date(Date.UTC(2026, Number(month), 0)).getUTCDate();
  let balance = 500_000;
  const pages = paged(lines, (part) => {
    const page = [
      [40, 40, "Your Business Current Account", { size: 14 }],
      [40, 62, `Account name: ${employee}`],
      [40, 76, `Statement date: ${last} ${written(`2026-${month}-01`, "Mon")} 2026`],
      [300, 76, "Currency: GBP"],
      [40, 110, "Date"],
      [95, 110, "Details"],
      [400, 110, "Paid out", right],
      [470, 110, "Paid in", right],
      [555, 110, "Balance", right],
    ];
    let y = 126;
    for (const line of part) {
      balance -= line.amountMinor ?? 0;
      if (line.date !== null) page.push([40, y, written(line.date, "D Mon")]);
      page.push([95, y, line.description], [555, y, money(balance), right]);
      if (line.amountMinor !== null) page.push([line.amountMinor < 0 ? 470 : 400, y, money(line.amountMinor), right]);
      y += 14;
    }
    return page;
  });
  return pdf(pages).then((bytes) => ({ extension: "pdf", bytes, shows }));
}

/** The bank's own number of a transaction: the same in every statement that has it. */
function referenceOf({ bookedOn, description, amountMinor, serial }) {
  const text = `${bookedOn}${description}${amountMinor}${serial}`;
  return String(
    70_000_000 + ([...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7) % 9_000_000),
  );
}

/** A line printer's: one text a line, columns of blanks, CR behind credits. */
function printedPdf({ lines, employee, currency }) {
  const pages = paged(lines, (part) =>
    [
      `MERIDIAN BANK CORPORATE CARD            STATEMENT DATE 28 FEB 2027      CURRENCY ${currency}`,
      "",
      "DATE       REFERENCE     TRANSACTION DETAILS                             AMOUNT",
      "-".repeat(79),
      `CARDHOLDER: ${employee.padEnd(24)} CARD NUMBER: 4557 XXXX XXXX 9021`,
      ...part.map((line) => {
        const date = line.date === null ? "" : written(line.date, "DD MON YY");
        const amount =
          line.amountMinor === null ? "" : `${money(line.amountMinor)}${line.amountMinor < 0 ? "CR" : "  "}`;
        return `${date.padEnd(11)}${referenceOf(line).padEnd(14)}${line.description.slice(0, 38).padEnd(40)}${amount.padStart(16)}`;
      }),
      "                         SUB-TOTAL                                          0.00",
    ].map((text, index) => [40, 40 + index * 12, text, { font: "Courier", size: 8 }]),
  );
  return pdf(pages).then((bytes) => ({ extension: "pdf", bytes, shows }));
}

function ofxLine(line, close) {
  const leaf = (name, value) => `<${name}>${value.replaceAll("&", "&amp;")}${close ? `</${name}>` : ""}`;
  const amount =
    line.amountMinor === null ? "" : `${line.amountMinor > 0 ? "-" : ""}${money(line.amountMinor, ".", "")}`;
  return [
    "<STMTTRN>",
    leaf("TRNTYPE", (line.amountMinor ?? 1) < 0 ? "CREDIT" : "DEBIT"),
    leaf("DTPOSTED", line.date === null ? "" : written(line.date, "YYYYMMDD") + "120000"),
    leaf("TRNAMT", amount),
    leaf("FITID", referenceOf(line)),
    leaf("NAME", line.description),
    "</STMTTRN>",
  ].join(close ? "\n" : "");
}

function ofxSgml({ lines, currency }) {
  const text = `OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>${currency}<BANKTRANLIST>\n${lines.map((line) => ofxLine(line, false)).join("\n")}\n</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>\n`;
  return { extension: "ofx", bytes: Buffer.from(text, "latin1"), shows: { ...shows, employee: false } };
}

function ofxXml({ lines, currency }) {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>${currency}</CURDEF><BANKTRANLIST>\n${lines.map((line) => ofxLine(line, true)).join("\n")}\n</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n`;
  return { extension: "ofx", bytes: Buffer.from(text), shows: { ...shows, employee: false } };
}

export { SYMBOLS };
