import { Hono } from "hono";

/** Says on /price what a ticket costs, and at the root which version answers. */
const prices: Record<string, number> = { day: 150, month: 1200 };

const app = new Hono();
app.get("/", (context) => context.json({ version: process.env.VERSION ?? "dev" }));
app.get("/price", (context) => {
  const price = prices[context.req.query("ticket") ?? ""];
  return price === undefined ? context.text("no such ticket\n", 404) : context.json({ price });
});

export default { port: Number(process.env.PORT ?? 8080), fetch: app.fetch };
