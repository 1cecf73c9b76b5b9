import { withClient, type ClientOptions } from "./connection.js";

/** `headway open`: the link is printed and not opened, so that it also helps in a shell on another machine. */
export async function runOpen(options: ClientOptions): Promise<void> {
  const link = await withClient(options, (client) => client.signInLink());
  process.stdout.write(options.json ? `${JSON.stringify({ link })}\n` : `${link}\n`);
}
