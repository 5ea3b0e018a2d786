import { expect, it } from "vitest";
import { shippedBill } from "../../build/sbom.ts";

it("the bill of materials names the product and lists what ships, also where a tool needs it too", () => {
  const component = (name: string) => ({ "bom-ref": `${name}@1`, name });
  const bill = {
    metadata: { component: component("folder") },
    components: ["yaml", "below", "tool", "toolbox"].map(component),
    dependencies: [
      { ref: "folder@1", dependsOn: ["tool@1"] },
      { ref: "yaml@1", dependsOn: ["below@1"] },
      { ref: "below@1", dependsOn: ["yaml@1"] },
      { ref: "tool@1", dependsOn: ["yaml@1", "toolbox@1"] },
      { ref: "toolbox@1" },
    ],
  };
  const shipped = shippedBill(bill, "dms-task-bridge", ["yaml@1"]);
  expect(shipped.metadata.component).toMatchObject({ name: "dms-task-bridge", type: "application" });
  expect(shipped.components.map(({ name }) => name)).toEqual(["yaml", "below"]);
  expect(shipped.dependencies.map(({ ref }) => ref)).toEqual(["folder@1", "yaml@1", "below@1"]);
  expect(shipped.dependencies[0]?.dependsOn).toEqual(["yaml@1"]);
});
