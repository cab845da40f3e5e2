/** Says on /price what a ticket costs, and on all other paths which version answers. */
const prices: Record<string, number> = { day: 150, month: 1200 };

Bun.serve({
  port: Number(process.env.PORT ?? 8080),
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/price") return Response.json({ version: process.env.VERSION ?? "dev" });
    const price = prices[searchParams.get("ticket") ?? ""];
    return price === undefined ? new Response("no such ticket\n", { status: 404 }) : Response.json({ price });
  },
});
