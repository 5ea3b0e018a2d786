import { once } from "node:events";
import type { Socket } from "node:net";

/** A server said something else than its protocol has. */
export class UnexpectedReply extends Error {
  override readonly name = "UnexpectedReply";
}

/** Says what a protocol has before TLS. Resolves with whether TLS comes next. */
type Prelude = (socket: Socket, signal: AbortSignal) => Promise<boolean>;

/** The words before TLS of servers that do not begin with it, by the protocol of `sinkAddresses`. */
export const preludes: Readonly<Record<string, Prelude>> = {
  "nats:": async (socket, signal) =>
    /"tls_(?:required|available)":\s*true/.test(await reply(socket, /^INFO /, signal)),
  "nats+tls:": async (socket, signal) => {
    await reply(socket, /^INFO /, signal);
    return true;
  },
  "smtp:": async (socket, signal) => {
    await reply(socket, /^220 /m, signal);
    return false;
  },
  // https://www.rfc-editor.org/rfc/rfc3207
  "smtp+starttls:": async (socket, signal) => {
    await reply(socket, /^220 /m, signal);
    socket.write("EHLO dms-task-bridge\r\n");
    await reply(socket, /^250 /m, signal);
    socket.write("STARTTLS\r\n");
    await reply(socket, /^220 /m, signal);
    return true;
  },
};

/** The next reply, of one line or several. @throws UnexpectedReply */
async function reply(socket: Socket, expected: RegExp, signal: AbortSignal): Promise<string> {
  let text = "";
  // In SMTP a line with a blank after its code is the last.
  while (!/^(?:\d{3} |(?!\d{3}-)).*\r?\n$/m.test(text)) {
    const [chunk] = await once(socket, "data", { signal });
    text += String(chunk);
    if (text.length > mostCharacters) break;
  }
  if (!expected.test(text)) throw new UnexpectedReply("another answer than its protocol has");
  return text;
}

const mostCharacters = 65_536;
