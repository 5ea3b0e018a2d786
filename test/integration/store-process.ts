import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("store-child.ts", import.meta.url));

/** What a process says of the store: a commit (null: lost to another), what it holds, or how it failed. */
export interface Said {
  readonly committed?: number | null;
  readonly held?: number;
  readonly failed?: string;
  readonly message?: string;
}

type Mode = "commit" | "race" | "fill";

export interface StoreProcessOptions {
  readonly mode: Mode;
  /** Or the URL of a PostgreSQL database. */
  readonly folder: string;
  readonly times?: number;
  /** A command that starts the process in a world of its own, such as one with a full disk. */
  readonly within?: readonly string[];
  /** Told of each line as it comes; true kills the process there and then. */
  readonly until?: (said: Said) => boolean;
}

/** Works on a store in a process of its own; everything it said before it ended. */
export async function onStore(options: StoreProcessOptions): Promise<readonly Said[]> {
  const { mode, folder, times = 0, within = [], until = () => false } = options;
  const [command = "", ...args] = [
    ...within,
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    child,
    mode,
    folder,
    String(times),
  ];
  const running = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => running.once("close", resolve));
  const err = text(running.stderr);
  const said: Said[] = [];
  for await (const line of createInterface({ input: running.stdout })) {
    if (!line.endsWith("}")) break;
    const parsed: Said = JSON.parse(line);
    said.push(parsed);
    if (until(parsed)) running.kill("SIGKILL");
  }
  await ended;
  if ((await err) !== "") throw new Error(`the store's process failed: ${await err}`);
  return said;
}

/** Starts a command where no file grows beyond so many 512-byte blocks: a disk that is full, for whoever may not mount one. */
export const withFileLimit = (blocks: number): readonly string[] => [
  "sh",
  "-c",
  `ulimit -f ${blocks} && exec "$0" "$@"`,
];

const mounted = (mount: string): readonly string[] => ["-c", `${mount} && exec "$0" "$@"`];

/** How this machine lets a process have mounts of its own; null where it does not. */
const unshare =
  [
    ["unshare", "-m"],
    ["unshare", "-rm"],
  ].find(([command = "", option = ""]) => {
    const { status } = spawnSync(command, [option, "sh", "-c", "mount -t tmpfs none /mnt"]);
    return status === 0;
  }) ?? null;

export const canMount = unshare !== null;

/** Starts a command where `folder` is a disk of so many bytes. */
export const withDisk = (folder: string, bytes: number): readonly string[] => [
  ...(unshare ?? []),
  "sh",
  ...mounted(`mount -t tmpfs -o size=${bytes} none '${folder}'`),
];

/** Starts a command where `folder` cannot be written to, not even by root. */
export const withReadOnly = (folder: string): readonly string[] => [
  ...(unshare ?? []),
  "sh",
  ...mounted(`mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro '${folder}'`),
];
