import { type Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, it } from "vitest";
import { productBill, shippedBill } from "../../build/sbom.ts";
import packageJson from "../../package.json" with { type: "json" };

it("the bill of materials names the product and lists what ships, also where a tool needs it too", () => {
  const component = (name: string) => ({ "bom-ref": `${name}@1`, name });
  const bill = {
    specVersion: "1.5",
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

it("the bill of materials passes CycloneDX's own validator, and lists every package that users install", async () => {
  const bill = productBill();
  const validator = new Validation.JsonStrictValidator(bill.specVersion as Spec.Version);
  expect(await validator.validate(JSON.stringify(bill))).toBeNull();
  expect(await validator.validate(JSON.stringify({ ...bill, bomFormat: "other" }))).not.toBeNull();

  expect(bill.metadata.component.name).toBe(packageJson.name);
  const listed = bill.components.map(({ name }) => name);
  expect(listed).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
  expect(listed).not.toContain("vitest");
  const refs = new Set(bill.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]));
  expect(refs.size).toBe(bill.components.length + 1);
});
