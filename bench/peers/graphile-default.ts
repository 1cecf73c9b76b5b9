import { graphile } from "./graphile.js";

/** As it comes. */
export const peer = graphile({});
