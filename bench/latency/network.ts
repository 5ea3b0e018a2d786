import { Dispatcher } from "undici";
import type { VirtualTime } from "./virtual-time.ts";

/** Answers one request with a JSON body. */
export type SimulatedServer = (
  url: URL,
  body: string,
) => { readonly latencyMs: number; readonly json: unknown };

/** A network in memory, whose answers take virtual time. */
export class Network extends Dispatcher {
  readonly #time: VirtualTime;
  readonly #serve: SimulatedServer;

  constructor(time: VirtualTime, serve: SimulatedServer) {
    super();
    this.#time = time;
    this.#serve = serve;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request: Dispatcher.DispatchController = {
      paused: false,
      reason: null,
      aborted: false,
      pause: () => {},
      resume: () => {},
      abort: (reason) => {
        Object.assign(request, { aborted: true, reason });
        handler.onResponseError?.(request, reason);
      },
    };
    handler.onRequestStart?.(request, {});
    const url = new URL(options.path, String(options.origin));
    const { latencyMs, json } = this.#serve(url, String(options.body ?? ""));
    void this.#time.sleep(latencyMs).then(() => {
      if (request.aborted) return;
      const date = new Date(this.#time.now()).toUTCString();
      handler.onResponseStart?.(request, 200, { "content-type": "application/json", date });
      handler.onResponseData?.(request, Buffer.from(JSON.stringify(json)));
      handler.onResponseEnd?.(request, {});
    });
    return true;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    if (!callback) return Promise.resolve();
    callback();
  }
}
