interface Worker {
  keptByTests?: Map<string, unknown>;
}

const worker = globalThis as Worker;
worker.keptByTests ??= new Map();
const kept = worker.keptByTests;

/** Makes a value once for all test files of a worker, whose modules are each file's own. */
export function perWorker<Value>(name: string, make: () => Value): Value {
  if (!kept.has(name)) kept.set(name, make());
  return kept.get(name) as Value;
}
