import type { Clock } from "../../src/phases.js";
import type { Fetch } from "../../src/registry/transport.js";
import { directFetch } from "./client.js";

/** A clock that only moves when it is told to. */
export interface ManualClock {
  now: Clock;
  advance(milliseconds: number): void;
}

export function makeClock(): ManualClock {
  let time = 1_000;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}

/** Requests that take as long as this says, and no longer. */
export function timedFetch(clock: ManualClock, milliseconds: number): Fetch {
  return async (url, init) => {
    const response = await directFetch(url, init);
    clock.advance(milliseconds);
    return response;
  };
}
