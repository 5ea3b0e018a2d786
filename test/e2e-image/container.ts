import { execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Running, running } from "../harness/cli.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a built image says of itself. */
interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Volumes: Readonly<Record<string, object>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Image {
  readonly config: ImageConfig;
  /** Starts the entrypoint as the image has it, in a read-only root with its volume writable; `args` stand for its CMD. */
  start(args?: readonly string[], environment?: Readonly<Record<string, string>>): Running;
  /** Runs a command beside it, in the same root. */
  exec(command: readonly string[]): Running;
  /** A file in the working folder, as an image made from this one has it. */
  add(file: string, text: string): void;
  remove(): void;
}

/** Builds the image as docs say, on the Node of this project: no registry is asked. */
export function buildImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), "bridge-image-"));
  const places = ["--root", join(folder, "store"), "--runroot", join(folder, "run")];
  const buildah = (...args: readonly string[]): string =>
    execFileSync("buildah", ["--storage-driver", "vfs", ...places, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const build = (context: string, image: string, ...args: readonly string[]) =>
    buildah(
      "bud",
      "--isolation",
      "chroot",
      "--format",
      "docker",
      "--pull-never",
      "-t",
      image,
      ...args,
      context,
    );
  build(runtimeContext(join(folder, "runtime")), "localhost/runtime");
  const context = join(folder, "context");
  execFileSync(process.execPath, [join(root, "build/main.ts"), "image", context]);
  build(context, "localhost/bridge", "--build-arg", "RUNTIME=localhost/runtime");
  const container = buildah("from", "--pull-never", "localhost/bridge");
  const mounted = buildah("mount", container);
  const config: ImageConfig = JSON.parse(buildah("inspect", "--type", "image", "localhost/bridge")).Docker
    .config;
  const inside = (command: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    enter(mounted, config, command, environment);
  return {
    config,
    start: (args = config.Cmd, environment = {}) => inside([...config.Entrypoint, ...args], environment),
    exec: (command) => inside(command),
    add: (file, text) => writeFileSync(join(mounted, config.WorkingDir, file), text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A base image of the `node` that runs this test, and the libraries it is linked with. */
function runtimeContext(folder: string): string {
  const put = (file: string, path: string): void => {
    mkdirSync(join(folder, "root", dirname(path)), { recursive: true });
    copyFileSync(realpathSync(file), join(folder, "root", path));
  };
  put(process.execPath, "/usr/local/bin/node");
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
  for (const [path] of libraries.matchAll(/\/\S+/g)) put(path, path);
  writeFileSync(join(folder, "Containerfile"), "FROM scratch\nCOPY root/ /\n");
  return folder;
}

/** In mounts of its own: the root read-only, the volume a fresh folder, the user and working folder as the image says. */
const script = `
set -e
root=$1 volume=$2 state=$3 user=$4 group=$5 folder=$6
shift 6
mount --bind "$root" "$root"
mount --bind "$state" "$root$volume"
mount -o remount,ro,bind "$root"
exec unshare --root "$root" --wd "$folder" --setuid "$user" --setgid "$group" -- "$@"
`;

function enter(
  mounted: string,
  { User, Volumes, WorkingDir, Env }: ImageConfig,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Running {
  const [user = "", group = ""] = User.split(":");
  const state = mkdtempSync(join(tmpdir(), "bridge-volume-"));
  chownSync(state, Number(user), Number(group));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const [volume = ""] = Object.keys(Volumes);
  const places = [mounted, volume, state, user, group, WorkingDir];
  return running(
    spawn("unshare", ["--mount", "sh", "-c", script, "sh", ...places, ...command], {
      env: { ...Object.fromEntries(Env.map((line) => line.split(/=(.*)/s))), ...environment },
    }),
  );
}
