import { type Dispatcher, MockAgent } from "undici";

/** Replaces the network. */
export interface Capture {
  readonly dispatcher: Dispatcher;
  /** Bodies sent, one per request. */
  readonly bodies: readonly string[];
}

/** Captures every POST as a platform would get it, gives each the same response, and sends nothing. */
export function openCapture(response: string): Capture {
  const bodies: string[] = [];
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get(() => true)
    .intercept({ path: () => true, method: "POST" })
    .reply(200, ({ body }) => {
      bodies.push(String(body));
      return response;
    })
    .persist();
  return { dispatcher: agent, bodies };
}
