import { definePipeline, PermanentError, type DocumentContext } from "../../../src/index.js";

/** A file's way through an upload: for a worker in this process and for one in a process of its own. */
export default definePipeline({
  name: "upload",
  version: 1,
  documentStages: [
    {
      name: "validate",
      run: async (ctx: DocumentContext) => {
        if ((await ctx.document.text()) === "bad") throw new PermanentError("BAD_FILE", "The file is bad.");
        return { valid: true };
      },
    },
    { name: "parse", run: async (ctx: DocumentContext) => ctx.setText(await ctx.document.text()) },
  ],
});
