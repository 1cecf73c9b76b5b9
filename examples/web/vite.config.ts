import { defineConfig } from "vite";

export default defineConfig({
  server: { port: 5173, strictPort: true },
  preview: { port: 5173, strictPort: true },
  // headway-api is linked to its clone and would bring a second copy of it.
  resolve: { dedupe: ["graphql-ws"] },
});
