/** Who is paid: the name over the door, what card statements make of it, and what it costs, in major units. */
const MERCHANTS = {
  USD: [
    ["Starbucks", "STARBUCKS STORE 0451", 4, 18],
    ["Delta Air Lines", "DELTA AIR 00623411788", 180, 1400],
    ["Hilton Garden Inn", "HILTON GARDEN INN AUSTIN TX", 140, 900],
    ["Uber", "UBER *TRIP HELP.UBER.COM", 8, 75],
    ["Torchy's Tacos", "TORCHYS TACOS 31 AUSTIN TX", 9, 60],
    ["Whole Foods Market", "WHOLEFDS MKT 10241", 12, 130],
    ["Office Depot", "OFFICE DEPOT #2187", 10, 320],
    ["Shell", "SHELL OIL 57442", 25, 95],
    ["Marriott Downtown", "MARRIOTT DOWNTOWN CHICAGO", 160, 1100],
    ["Panera Bread", "PANERA BREAD #204", 8, 45],
    ["Blue Bottle Coffee", "SQ *BLUE BOTTLE COFFEE", 5, 22],
    ["Amazon Marketplace", "AMZN MKTP US*RT4K29", 8, 260],
    ["United Airlines", "UNITED 0162344911", 150, 1250],
    ["The Copper Kettle", "TST* THE COPPER KETTLE", 20, 210],
    ["FedEx Office", "FEDEX OFFICE 6100", 6, 90],
    ["Hertz Rent A Car", "HERTZ RENT-A-CAR", 70, 480],
  ],
  GBP: [
    ["Trainline", "TRAINLINE.COM LONDON", 12, 190],
    ["Pret A Manger", "PRET A MANGER 221", 3, 19],
    ["Premier Inn", "PREMIER INN MANCHESTER", 65, 420],
    ["Ryman Stationery", "RYMAN LTD 0412", 4, 70],
    ["Costa Coffee", "COSTA COFFEE 43010", 3, 15],
    ["Addison Lee", "ADDISON LEE LTD", 14, 85],
    ["Waterstones", "WATERSTONES GOWER ST", 8, 60],
    ["British Airways", "BRITISH AIRWAYS 125231", 90, 880],
    ["Tesco", "TESCO STORES 3321", 4, 80],
    ["Dishoom", "DISHOOM KINGS CROSS", 18, 160],
  ],
  EUR: [
    ["Hotel Seeblick", "HOTEL SEEBLICK LINDAU", 90, 700],
    ["Gasthof Zum Löwen", "GASTHOF ZUM LOEWEN", 14, 120],
    ["DB Vertrieb", "DB VERTRIEB GMBH", 19, 260],
    ["Aral Tankstelle", "ARAL STATION 1123", 30, 110],
    ["Müller Bürobedarf", "MUELLER BUEROBEDARF", 6, 140],
    ["Bäckerei Huber", "BAECKEREI HUBER 07", 3, 24],
    ["Rewe Markt", "REWE MARKT 4411", 5, 90],
    ["Café Central", "CAFE CENTRAL WIEN", 6, 50],
    ["Taxi Schmidt", "TAXI SCHMIDT MUENCHEN", 9, 65],
  ],
};

/** An employee, and how statements write the name. */
export const EMPLOYEES = [
  { name: "Jane Doe", aliases: ["J DOE", "DOE, JANE", "JANE Q DOE"] },
  { name: "Ada Okafor", aliases: ["A. OKAFOR", "OKAFOR ADA C"] },
  { name: "Jürgen Müller", aliases: ["MUELLER J", "JUERGEN MUELLER"] },
  { name: "Priya Patel", aliases: ["P PATEL", "PATEL PRIYA R"] },
  { name: "Liam Nguyen", aliases: ["L. NGUYEN"] },
  { name: "Sophie Martin", aliases: ["S MARTIN", "MARTIN SOPHIE L"] },
];

/** What one of the first costs in the second, in this world. */
export const RATES = {
  "EUR/USD": 1.0832,
  "GBP/USD": 1.2711,
  "USD/GBP": 0.7867,
  "EUR/GBP": 0.8522,
  "USD/EUR": 0.9232,
  "GBP/EUR": 1.1734,
};
const DAY_MS = 86_400_000;

export const NOISE = {
  clean: {
    missing: 0,
    lagDays: 1,
    descriptors: false,
    duplicates: 0,
    nearTies: 0.02,
    coincidences: 0,
    untellable: 0,
    abroad: 0.04,
  },
  noisy: {
    missing: 0.05,
    lagDays: 4,
    descriptors: true,
    duplicates: 0.04,
    nearTies: 0.05,
    coincidences: 0.05,
    untellable: 0.03,
    abroad: 0.08,
  },
};

/** Purchases of one person in one currency in one month; what really happened, whatever papers say of it. */
export function purchasesOf(random, { count, currency, employee, month, noise }) {
  const purchases = [];
  const start = Date.UTC(2026, month - 1, 1);
  while (purchases.length < count) {
    const bought = buy(random, currency, start, noise);
    purchases.push({ ...bought, employee });
    if (purchases.length < count && random.chance(noise.nearTies))
      purchases.push({ ...again(random, bought, start), employee });
    if (purchases.length < count && random.chance(noise.coincidences)) {
      const other = buy(random, currency, start, noise);
      if (!other.original && !bought.original)
        purchases.push({
          ...other,
          amountMinor: bought.amountMinor,
          boughtOn: bought.boughtOn,
          bookedOn: bought.bookedOn,
          employee,
        });
    }
    if (purchases.length < count && random.chance(0.04)) purchases.push({ ...refund(random, bought), employee });
  }
  return purchases
    .sort((a, b) => a.bookedOn.localeCompare(b.bookedOn))
    .map((purchase, serial) => ({ ...purchase, serial }));
}

function buy(random, currency, start, noise) {
  const abroad = random.chance(noise.abroad);
  const paidIn = abroad ? random.pick(Object.keys(MERCHANTS).filter((other) => other !== currency)) : currency;
  const [merchant, descriptor, low, high] = random.pick(MERCHANTS[paidIn]);
  const paidMinor = Math.round((low + random.next() * random.next() * (high - low)) * 100);
  // Cards charge within a percent or two of the day's rate.
  const amountMinor = abroad
    ? Math.round(paidMinor * RATES[`${paidIn}/${currency}`] * (0.99 + random.next() * 0.025))
    : paidMinor;
  const day = random.int(0, 24);
  return {
    merchant,
    description: noise.descriptors ? noisyDescriptor(random, descriptor) : descriptor,
    amountMinor,
    currency,
    boughtOn: iso(start + day * DAY_MS),
    bookedOn: iso(start + (day + random.int(0, noise.lagDays)) * DAY_MS),
    ...(abroad ? { original: { amountMinor: paidMinor, currency: paidIn } } : {}),
  };
}

/** The same again some days later: the same shop, the same sum. */
function again(random, bought, start) {
  const day = Math.min(26, Math.round((Date.parse(bought.boughtOn) - start) / DAY_MS) + random.int(2, 6));
  const lag = (Date.parse(bought.bookedOn) - Date.parse(bought.boughtOn)) / DAY_MS;
  return { ...bought, boughtOn: iso(start + day * DAY_MS), bookedOn: iso(start + (day + lag) * DAY_MS) };
}

function refund(random, bought) {
  const { original: _, ...rest } = bought;
  const amountMinor = -Math.max(100, Math.round(bought.amountMinor * (0.3 + random.next() * 0.7)));
  const bookedOn = iso(
    Math.min(Date.parse(bought.bookedOn) + random.int(0, 3) * DAY_MS, Date.parse(bought.boughtOn.slice(0, 8) + "28")),
  );
  return { ...rest, amountMinor, boughtOn: bookedOn, bookedOn, description: `REFUND ${bought.description}` };
}

function noisyDescriptor(random, descriptor) {
  const way = random.int(0, 5);
  if (way === 0) return descriptor.slice(0, Math.max(12, descriptor.length - random.int(2, 6))).trim();
  if (way === 1) return `${descriptor} ${random.int(100, 99999)}`;
  if (way === 2) return `${descriptor} CARD ${random.int(1000, 9999)}`;
  if (way === 3) return descriptor.replace(/[AEIOU](?=[A-Z]{2})/, "");
  return descriptor;
}

export function iso(time) {
  return new Date(time).toISOString().slice(0, 10);
}
