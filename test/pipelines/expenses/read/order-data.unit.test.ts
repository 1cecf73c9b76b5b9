import { itemsIn } from "../../../../src/pipelines/expenses/read/formats/items.js";
import { orderIn } from "../../../../src/pipelines/expenses/read/order-data.js";
import { readReceipt } from "../reading.js";

const ORDER = {
  "@context": "http://schema.org",
  "@type": "Order",
  merchant: { "@type": "Organization", name: "Papierladen Süd" },
  orderNumber: "PS-2041",
  orderDate: "2026-04-03T21:10:00-08:00",
  priceCurrency: "CHF",
  price: "64.50",
  customer: { "@type": "Person", name: "Jane Doe" },
};

function page(body: string, ...data: object[]): string {
  const scripts = data.map((one) => `<script type="application/ld+json">${JSON.stringify(one)}</script>`).join("");
  return `<html><head>${scripts}</head><body>${body}</body></html>`;
}

describe("order data in mail and pages", () => {
  test("gives seller, number, day, sum and currency where the text alone would be guessed at", async () => {
    const receipt = await readReceipt(
      "order.html",
      page("<h1>Merci!</h1><p>You saved 12.00 of 76.50</p><p>64.50</p><p>Ships by 09/04/2026</p>", ORDER),
      { defaultCurrency: "EUR" },
    );
    expect(receipt).toMatchObject({
      merchant: "Papierladen Süd",
      reference: "PS-2041",
      date: "2026-04-03",
      amountMinor: 6450,
      currency: "CHF",
      employee: "Jane Doe",
      source: "order data",
      flags: [],
      incomplete: [],
    });
  });

  test("is read from mails, and from the attributes of a page's own elements", async () => {
    const body =
      '<div itemscope itemtype="http://schema.org/LodgingReservation"><meta itemprop="reservationNumber" content="H77"/>' +
      '<div itemprop="reservationFor" itemscope itemtype="http://schema.org/LodgingBusiness"><span itemprop="name">Hotel Alpha</span></div>' +
      '<div itemprop="provider" itemscope itemtype="http://schema.org/Organization"><span itemprop="name">Rooms &amp; Co</span></div>' +
      '<meta itemprop="priceCurrency" content="USD"/><b itemprop="totalPrice">1,240.00</b>' +
      '<time itemprop="bookingTime" datetime="2026-05-01T08:00:00Z">today</time></div>';
    const mail = `From: Rooms <no-reply@rooms.example>\r\nSubject: Booked\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>${body}</body></html>\r\n`;
    expect(await readReceipt("booking.eml", mail)).toMatchObject({
      merchant: "Rooms & Co",
      reference: "H77",
      date: "2026-05-01",
      amountMinor: 124000,
      currency: "USD",
      source: "order data",
    });
  });

  test("that the page contradicts is doubted", async () => {
    const receipt = await readReceipt("order.html", page("<p>Total: CHF 99.00</p>", ORDER));
    expect(receipt).toMatchObject({ amountMinor: 6450, flags: ["INVOICE_DISAGREES"] });
  });

  test("of a cancelled order, or of two orders, leaves the page to be read", async () => {
    const body = "<p>Papeterie</p><p>Date: 2026-04-03</p><p>Total: CHF 99.00</p>";
    const cancelled = { ...ORDER, orderStatus: "http://schema.org/OrderCancelled" };
    for (const data of [[cancelled], [ORDER, { ...ORDER, orderNumber: "PS-2042", price: "34.50" }]])
      expect(await readReceipt("order.html", page(body, ...data))).toMatchObject({ amountMinor: 9900, source: "text" });
  });

  test("without a sum adds what it says, and broken data adds nothing", async () => {
    const { price: _, ...open } = ORDER;
    const body = "<p>Thanks</p><p>Total: 99.00</p>";
    expect(await readReceipt("order.html", page(body, open))).toMatchObject({
      merchant: "Papierladen Süd",
      amountMinor: 9900,
      currency: "CHF",
      source: "text",
    });
    const broken = `<html><script type="application/ld+json">{"@type": "Order", price</script><body>${body}</body></html>`;
    expect(await readReceipt("order.html", broken, { defaultCurrency: "EUR" })).toMatchObject({ amountMinor: 9900 });
  });

  test("of a page with very many elements inside each other is read all the same", async () => {
    const deep = `${"<div itemprop=a>".repeat(10_000)}Deep${"</div>".repeat(10_000)}`;
    const order =
      '<div itemscope itemtype="http://schema.org/Order"><b itemprop="orderNumber">N<i>1</i>7</b><b itemprop="price">64.50</b></div>';
    expect(orderIn(await itemsIn(`<body>${deep}${order}</body>`))).toMatchObject({ number: "N17", amountMinor: 6450 });
  });
});
