import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { AccessKey } from "../../huawei/sign.ts";
import { functionGraphRuns, withUserData } from "../../serverless/functiongraph.ts";
import { jsonLog } from "../../telemetry/log.ts";
import { catchStrays } from "../../telemetry/strays.ts";
import { durationMs, portOf } from "../arguments.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { eventOf } from "../event-body.ts";

/** Options of `functiongraph`. */
export interface FunctionGraphCommandOptions {
  readonly port: string;
  /** The function's time limit, as configured in FunctionGraph. */
  readonly timeLimit: string;
}

/**
 * Serves as an event function of FunctionGraph's custom images: POST /invoke makes one run, POST /init warms up.
 * https://support.huaweicloud.com/intl/en-us/usermanual-functiongraph/functiongraph_01_1047.html
 */
export async function functionGraph(
  context: Context,
  options: FunctionGraphCommandOptions,
): Promise<ExitCode> {
  const { screen, stop } = context;
  const port = portOf("--port", options.port);
  const remainingMs = durationMs("--time-limit", options.timeLimit);
  const log = jsonLog((line) => screen.out.raw(line), "info", context.clock.now);
  const environment = withUserData(context.environment);
  const run = functionGraphRuns(
    { ...context, environment, log, shutdown: context },
    catchStrays(process, log),
  );
  let last: Promise<unknown> = Promise.resolve();
  const invoke = (event: unknown, headers: IncomingHttpHeaders) => {
    const next = last.then(() => run({ event, agencyKey: agencyKeyOf(headers), remainingMs, signal: stop }));
    last = next.catch(() => {});
    return next;
  };
  const listener: RequestListener = async (request, response) => {
    const event = await eventOf(request);
    if (request.method !== "POST") return respond(response, 405, { error: "POST only" });
    if (request.url === "/init") return respond(response, 200, {});
    if (request.url !== "/invoke") return respond(response, 404, { error: "POST /invoke or /init" });
    try {
      respond(response, 200, await invoke(event, request.headers));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      log("error", "an invocation failed", { problem });
      respond(response, 500, { error: problem });
    }
  };
  const server = createServer(listener).listen(port, "0.0.0.0");
  await once(server, "listening");
  log("info", "listening for FunctionGraph", { port: (server.address() as AddressInfo).port });
  await (stop.aborted || once(stop, "abort"));
  server.close();
  await last;
  server.closeAllConnections();
  return 0;
}

/** Headers that FunctionGraph adds when the function's setting "Include Keys" (enable_auth_in_header) is on. */
function agencyKeyOf(headers: IncomingHttpHeaders): AccessKey | null {
  const of = (name: string): string => String(headers[`x-cff-security-${name}`] ?? "");
  const [ak, sk] = [of("access-key"), of("secret-key")];
  return ak && sk ? { ak, sk, securityToken: of("token") } : null;
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
