import { defineConfig } from "vitest/config";

// What takes minutes is no part of `npm test`: `npm run proof` runs it, and draws more of what is random.
const proof = ["test/proof/**/*.test.ts", "test/cleanup/prune-random.test.ts"];

export default defineConfig(({ mode }) => ({
  test: {
    ...(mode === "proof"
      ? { include: proof }
      : { include: ["test/**/*.test.ts"], exclude: ["test/proof/**"] }),
    globalSetup: ["test/support/global-setup.ts"],
    // Packages are loaded once for all files of a worker, which takes a third off the time.
    isolate: false,
    maxWorkers: "100%",
    setupFiles: ["test/support/fresh-modules.ts"],
    // Nothing fails because a machine is slow.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
}));
