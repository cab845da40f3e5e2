import { SlipwayError } from "../../src/errors.js";

/** The whole message of the error that Slipway raises on purpose; a text that says so where it raises none. */
export async function messageThrownBy(act: () => unknown): Promise<string> {
  const thrown = await errorThrownBy(act);
  return thrown instanceof SlipwayError ? thrown.message : `no SlipwayError: ${String(thrown)}`;
}

/** What `act` throws or rejects with, whatever it is. */
export async function errorThrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}
