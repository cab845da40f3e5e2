import { vi } from "vitest";

// Workers are shared, and packages with them; what our own modules keep, as secrets to redact, is each file's own.
vi.resetModules();
