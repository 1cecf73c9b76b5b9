/** The console's own address, with a slash at its end: the server says with each page where it is. */
const BASE = new URL(document.baseURI);

/** The path that the console's screens lie below, such as "/" or "/headway/". */
export const BASE_PATH = BASE.pathname;

/** Whether the server serves Explore and nothing else of the console. */
export const IS_EXPLORE_ALONE =
  document.querySelector<HTMLMetaElement>('meta[name="headway-screens"]')?.content === "explore";

/** The address of something on this server. */
export function here(path: string): string {
  return new URL(path, BASE).href;
}

/** The same for a WebSocket. */
export function socketHere(path: string): string {
  return here(path).replace(/^http/, "ws");
}
