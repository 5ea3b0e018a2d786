import { expect, it, onTestFinished, vi } from "vitest";
import * as library from "../../lib/index.ts";
import { apiKey, instance, sourceAt, startApi } from "../harness/api.ts";

const config = (source: object) => ({
  checkpoint: { type: "memory" },
  polling: { follow: "off" },
  sources: [source],
  sinks: { mine: { type: "custom", module: { deliver: async () => [{ kind: "accepted" }] } } },
});
const source = {
  engine: "kafka",
  region: "r",
  projectId: "p1",
  instances: "all",
  credentials: { token: "t" },
};
const loaded = () => library.loadConfigValue(config(source));

it("runs a bridge with nothing but a configuration", async () => {
  for (const [name, value] of Object.entries(apiKey)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const simulator = await startApi();
  simulator.world.start({
    instance: instance.id,
    name: "resize",
    steps: [{ status: "EXECUTING", afterMs: 0 }],
  });
  const bridge = await library.openBridge(await library.loadConfigValue(config(sourceAt(simulator))));
  onTestFinished(() => bridge.close());
  const { sinks } = await bridge.run();
  expect(sinks["mine"]).toMatchObject({ accepted: 1, pending: 0 });
  expect(await bridge.discover()).toMatchObject({ isPartial: false, failedSources: [] });
  expect((await bridge.wake({})).streams).toMatchObject([{ error: null }]);
  // As a program in plain JavaScript may have it.
  const wrong = 60_000 as unknown as AbortSignal;
  for (const ended of [bridge.run(wrong), bridge.discover(wrong), bridge.wake({}, wrong)])
    await expect(ended).rejects.toThrow(
      "signal: expected an AbortSignal, or nothing, found the number 60000",
    );
});

const raw = config(source);

it.each<[string, () => unknown, string]>([
  ["a configuration that was not loaded", () => raw, "loaded: expected what loadConfig or loadConfigValue"],
  ["no configuration", () => undefined, "loaded: expected what loadConfig or loadConfigValue"],
  ["a promise of one", loaded, "loaded: expected what loadConfig or loadConfigValue"],
])("refuses %s", async (_, wrong, message) => {
  // @ts-expect-error a program in plain JavaScript
  await expect(library.openBridge(wrong())).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(message),
  });
});

it.each([
  [null, "deps: expected an object, found null"],
  [{ clock: Date }, "deps.clock: expected an object with the functions now and sleep, found a function"],
  [{ random: 5 }, "deps.random: expected a function such as Math.random, found the number 5"],
  [
    { log: console },
    "deps.log: expected a function such as silentLog, or one that jsonLog makes, found an object",
  ],
  [{ environment: "prod" }, 'deps.environment: expected an object of variables, found "prod"'],
])("refuses the parts %j of a bridge", async (deps, message) => {
  // @ts-expect-error a program in plain JavaScript
  await expect(library.openBridge(await loaded(), deps)).rejects.toMatchObject({
    name: "ConfigError",
    message,
  });
});

it.each([
  [[5], "file: expected a path, or null, found the number 5"],
  [[null, null], "deps: expected an object, found null"],
  [[null, { folder: 5 }], "deps.folder: expected a path, found the number 5"],
  [[null, { environment: [] }], "deps.environment: expected an object of variables, found a list of 0 items"],
])("refuses the arguments %j of loadConfig", async (args, message) => {
  // @ts-expect-error a program in plain JavaScript
  await expect(library.loadConfig(...args)).rejects.toMatchObject({ name: "ConfigError", message });
});
