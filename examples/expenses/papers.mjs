import PDFDocument from "pdfkit";

const FIXED = new Date("2026-01-01T00:00:00Z");
export const right = { right: true };

/** A PDF of pages; a page is a list of [x, y, text, { right, font, size }?]. The same pages give the same bytes. */
export function pdf(pages) {
  const document = new PDFDocument({ autoFirstPage: false, info: { CreationDate: FIXED, ModDate: FIXED } });
  const parts = [];
  document.on("data", (part) => parts.push(part));
  const done = new Promise((resolve) => document.on("end", () => resolve(Buffer.concat(parts))));
  for (const page of pages) {
    document.addPage({ size: "A4", margin: 0 });
    for (const [x, y, text, { right: toRight = false, font = "Helvetica", size = 9 } = {}] of page) {
      document.font(font).fontSize(size);
      document.text(text, toRight ? x - document.widthOfString(text) : x, y, { lineBreak: false });
    }
  }
  document.end();
  return done;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An ISO date as it is written somewhere: "MM/DD/YYYY", "D Mon YYYY" … */
export function written(date, format) {
  const [year, month, day] = date.split("-");
  const parts = {
    YYYY: year,
    YY: year.slice(2),
    MM: month,
    DD: day,
    D: String(Number(day)),
    MON: MONTHS[month - 1].toUpperCase(),
    Mon: MONTHS[month - 1],
  };
  return format.replace(/YYYY|YY|MM|MON|Mon|DD|D/g, (part) => parts[part]);
}

/** Minor units of two decimals as written: money(123456, ",", ".") is "1.234,56". Without the sign. */
export function money(amountMinor, decimal = ".", thousands = ",") {
  const [whole, fraction] = (Math.abs(amountMinor) / 100).toFixed(2).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, thousands)}${decimal}${fraction}`;
}

export function csvCell(text) {
  return /[",;\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
