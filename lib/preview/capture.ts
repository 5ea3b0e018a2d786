import { type Dispatcher, MockAgent } from "undici";

/** Stands where the network would. */
export interface Capture {
  readonly dispatcher: Dispatcher;
  /** What was sent, request by request. */
  readonly bodies: readonly string[];
}

/** Takes every POST as a platform would get it, gives each the same answer, and lets nothing out. */
export function openCapture(answer: string): Capture {
  const bodies: string[] = [];
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get(() => true)
    .intercept({ path: () => true, method: "POST" })
    .reply(200, ({ body }) => {
      bodies.push(String(body));
      return answer;
    })
    .persist();
  return { dispatcher: agent, bodies };
}
