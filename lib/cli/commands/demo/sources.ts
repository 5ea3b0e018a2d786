import type { ConfigInput } from "../../../config/schema.ts";
import type { Engine } from "../../../core/names.ts";
import { demoKey } from "../../../simulator/auth.ts";
import { demoProjectId } from "../../../simulator/scenario.ts";

/** Sources of a configuration that polls these instances of the simulator at `url`. */
export const simulatedSources = (
  url: string,
  instances: readonly { readonly engine: Engine }[],
): ConfigInput["sources"] =>
  instances.map(({ engine }) => ({
    engine,
    region: "cn-north-4",
    endpoint: url,
    projectId: demoProjectId,
    instances: "all",
    credentials: demoKey,
  }));
