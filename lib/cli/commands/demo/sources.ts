import type { ConfigInput } from "../../../config/schema.ts";
import { demoKey } from "../../../simulator/auth.ts";
import { demoInstances, demoProjectId } from "../../../simulator/scenario.ts";

/** The sources of a configuration that watches the demo instances of the simulator at `url`. */
export const simulatedSources = (url: string): ConfigInput["sources"] =>
  demoInstances.map(({ engine }) => ({
    engine,
    region: "cn-north-4",
    endpoint: url,
    projectId: demoProjectId,
    instances: "all",
    credentials: demoKey,
  }));
