import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { TLSSocket, type ConnectionOptions as TlsConnectionOptions, connect as tlsConnect } from "node:tls";
import {
  type ConnectionOptions,
  checkOptions,
  Kind,
  MsgHdrsImpl,
  type NatsConnection,
  NatsConnectionImpl,
  Parser,
  type ParserEvent,
  type Server,
  setTransportFactory,
  type Transport,
} from "@nats-io/nats-core/internal";
import * as v from "valibot";

/** A class of its own, since the client wraps other errors. */
export class NotNats extends Error {
  override readonly name = "NotNats";
}

/** Options of a NATS connection, with our own TLS options. */
export interface NatsConnectOptions extends Omit<ConnectionOptions, "tls"> {
  /** Destroys the socket, in any state. */
  readonly signal: AbortSignal;
  /** Certificates, once the server asks for TLS. @default the system's authorities */
  readonly tls?: TlsConnectionOptions;
}

/** Connects. Rejects with the client's error. */
export function connectNats(options: NatsConnectOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new NatsTransport() });
  return NatsConnectionImpl.connect(options as ConnectionOptions);
}

const greetingForm = v.looseObject({
  version: v.pipe(v.string(), v.regex(/\d+\.\d+\.\d+/)),
  // The server's greeting is not trusted: a limit that fits no event is ignored.
  max_payload: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  nonce: v.optional(v.string()),
  headers: v.optional(v.boolean()),
  tls_required: v.optional(v.boolean()),
  tls_available: v.optional(v.boolean()),
  connect_urls: v.optional(v.array(v.string())),
});

type Greeting = v.InferOutput<typeof greetingForm>;

/** Larger than any server's greeting, bytes. */
const maxGreetingBytes = 1_048_576;

/**
 * Transport between the client and a server. The client's own one for Node never closes the socket of a silent server,
 * drops the reason when one closes, and leaves unparsable data to the client, which prints it on stdout.
 */
class NatsTransport implements Transport {
  readonly lang = "nats.js";
  readonly version = "3";
  closeError?: Error;
  readonly #gone = Promise.withResolvers<Error | undefined>();
  #socket: Socket | null = null;
  #greeted: Buffer = Buffer.alloc(0);
  #isConnected = false;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async connect({ hostname, port, tlsName }: Server, options: ConnectionOptions): Promise<void> {
    const { signal, tls } = options as unknown as NatsConnectOptions;
    const plain = connect({ host: hostname, port, noDelay: true, signal });
    try {
      this.#own(plain);
      await connected(plain, "connect");
      const greeting = await this.#greeting(plain);
      checkOptions(greeting as unknown as Parameters<typeof checkOptions>[0], options);
      if (greeting.tls_required || greeting.tls_available) {
        const names = { host: hostname, ...(tlsName !== "" && { servername: tlsName }) };
        const secured = tlsConnect({ ...tls, ...names, socket: plain });
        this.#own(secured);
        await connected(secured, "secureConnect");
      }
      this.#isConnected = true;
    } catch (error) {
      plain.destroy();
      throw error;
    }
  }

  /** Late errors, which nobody awaits any more, only end their socket. */
  #own(socket: Socket): void {
    socket.on("error", (error) => {
      this.closeError ??= error;
    });
    this.#socket = socket;
    if (this.#isClosed) socket.destroy();
  }

  async #greeting(socket: Socket): Promise<Greeting> {
    const line = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        this.#greeted = Buffer.concat([this.#greeted, chunk]);
        const end = this.#greeted.indexOf("\r\n");
        if (end < 0 && this.#greeted.length < maxGreetingBytes) return;
        socket.off("data", read).off("close", lost).pause();
        resolve(this.#greeted.toString("utf8", 0, Math.max(0, end)));
      };
      const lost = (): void => reject(this.closeError ?? new Error("connection closed"));
      socket.on("data", read).once("close", lost);
    });
    const [, text] = /^INFO\s+(.+)$/i.exec(line) ?? [];
    return greetingIn(text ?? "");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const isReadable = reader();
    try {
      if (isReadable(this.#greeted)) yield this.#greeted;
      for await (const chunk of this.#socket ?? []) {
        isReadable(chunk);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof Error) this.closeError ??= error;
    }
    await this.close();
  }

  isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  send(frame: Uint8Array): void {
    if (!this.#isClosed) this.#socket?.write(frame);
  }

  async close(error?: Error): Promise<void> {
    if (error) this.closeError ??= error;
    this.discard();
    // A failed connect is not reported: the client tries the next server.
    if (this.#isConnected) this.#gone.resolve(this.closeError);
  }

  disconnect(): void {
    void this.close();
  }

  closed(): Promise<Error | undefined> {
    return this.#gone.promise;
  }

  discard(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }
}

async function connected(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  const gone = once(socket, "close").then(() => {
    throw new Error("connection closed");
  });
  await Promise.race([once(socket, event), gone]);
}

function greetingIn(text: string): Greeting {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), greetingForm), text);
  if (!parsed.success) throw new NotNats("not a NATS greeting");
  return parsed.output;
}

/** Parses each chunk before the client does, and throws where the client would. */
function reader(): (chunk: Uint8Array) => true {
  const push = ({ kind, data, msg }: ParserEvent): void => {
    if (kind === Kind.INFO) greetingIn(Buffer.from(data ?? []).toString());
    if (kind === Kind.MSG && msg && msg.hdr > 0)
      MsgHdrsImpl.decode((data ?? new Uint8Array()).subarray(0, msg.hdr));
  };
  const parser = new Parser({ push });
  return (chunk) => {
    try {
      parser.parse(chunk);
      return true;
    } catch (cause) {
      throw new NotNats("not a NATS response", { cause });
    }
  };
}
