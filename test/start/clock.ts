/** Milliseconds since this process began. */
export const now = () => performance.now();
