import { address } from "../support/address.js";

/** A call of the published Slipway for the project in the working directory. */
export function slipway(call: string): string {
  return `dagger call -m github.com/${address.repository}@v${address.version} --source . ${call}`;
}
