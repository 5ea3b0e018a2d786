import { type Served, serve } from "./serve.ts";

/** A webhook that responds to each event after a fixed latency, milliseconds. */
export const serveHook = (latencyMs: number): Promise<Served> =>
  serve((request, response) => {
    request.resume().once("end", () => {
      const accept = () => response.writeHead(202, { "content-length": 0 }).end();
      if (latencyMs === 0) accept();
      else setTimeout(accept, latencyMs);
    });
  });
