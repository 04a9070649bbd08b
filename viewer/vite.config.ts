import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./build/precompress.ts";

/** Where `npm run dev` finds a node; the built viewer is served by the node itself. */
const NODE_URL = process.env.ISOCENTER_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  server: {
    host: "127.0.0.1",
    proxy: { "/api": NODE_URL, "/dicom-web": NODE_URL, "/ws": { target: NODE_URL, ws: true } },
  },
  // Cornerstone3D's decoders are module workers with their own WebAssembly files.
  worker: { format: "es" },
  optimizeDeps: {
    exclude: ["@cornerstonejs/dicom-image-loader"],
    include: [
      "dicom-parser",
      "@cornerstonejs/codec-charls/decodewasmjs",
      "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs",
      "@cornerstonejs/codec-openjpeg/decodewasmjs",
      "@cornerstonejs/codec-openjph/wasmjs",
    ],
  },
  build: {
    target: "es2022",
    // Cornerstone3D is one large library; it is loaded by the study page only.
    chunkSizeWarningLimit: 4000,
    // The page's policy allows data: URLs for images only, so nothing else may be inlined.
    assetsInlineLimit: 0,
  },
  test: { environment: "node", include: ["test/**/*.test.{ts,tsx}"], restoreMocks: true },
});
